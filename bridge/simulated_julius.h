#pragma once

#include <memory>

#include "bridge/julius_transcript.h"
#include "handlers/dispatcher.h"

namespace bunshin {

class JuliusSession;

/// Plays a recorded module-mode connection to whoever connects, in recorded time, chunk by chunk;
/// what the recorded client said is not waited for. As the engine it serves one client at a time,
/// begins anew with the next one, and answers STATUS, VERSION, PAUSE, RESUME, TERMINATE and DIE
/// between two blocks. At the end of the recording it stays, silent, until the client leaves.
/// Owned by its reactor.
class SimulatedJulius : public Dispatcher {
 public:
  struct Options {
    double speed = 1;   ///< of the replay; 0: as fast as the client reads
    bool loop = false;  ///< begins anew at the end
  };

  /// Listens at once. Throws std::system_error. REQUIRES: options.speed >= 0.
  SimulatedJulius(Reactor& reactor, const Endpoint& endpoint, JuliusTranscript transcript,
                  Options options);
  ~SimulatedJulius() override;

  void handle_accepted(StreamSocket socket, const SocketAddress& peer) override;

 private:
  friend class JuliusSession;
  void session_left();

  const std::shared_ptr<const JuliusTranscript> transcript_;
  const Options options_;
  JuliusSession* session_ = nullptr;
};

}  // namespace bunshin
