#pragma once

#include <string_view>
#include <vector>

#include "bridge/julius_message.h"
#include "bridge/rules.h"

namespace bunshin {

/// What another recogniser has heard as the engine would say it: a final hypothesis, its words
/// without confidence. Others do not part words as Julius' dictionary does, if at all, and write
/// capitals and full stops: "赤に光れ。" has the words of the rule for "赤 に 光れ" when both read
/// the same but for blanks, punctuation and the case of ASCII letters. What reads like no rule is
/// parted at its blanks. `text` is UTF-8.
JuliusHypothesis hypothesis_of(std::string_view text, const std::vector<Rule>& rules);

}  // namespace bunshin
