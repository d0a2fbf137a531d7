#pragma once

#include "bridge/julius_transcript.h"

namespace bunshin {

/// Ten spoken robot commands as Julius heard them: a recording that was built into the program.
JuliusTranscript demo_recording();

}  // namespace bunshin
