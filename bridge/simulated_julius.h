#pragma once

#include <memory>

#include "bridge/julius_transcript.h"
#include "handlers/dispatcher.h"

namespace bunshin {

class JuliusSession;

/// Plays a recorded module-mode connection to whoever connects, in recorded time, chunk by chunk;
/// what the recorded client said is not waited for. At the end of the recording it stays, silent,
/// until the client leaves; with the next one it begins anew. Owned by its reactor.
///
/// It has the engine's habits. It serves one client at a time, the others wait unserved. What is
/// asked it answers between two blocks: STATUS and VERSION, and from the recording, where that
/// holds the answer, GRAMINFO, LISTPROCESS, CURRENTPROCESS and what is about grammars. Of several
/// commands in one segment the first is read, the others when more bytes come. PAUSE lets an
/// utterance end, TERMINATE rejects it; either outlives the client: the next one hears nothing
/// until somebody says RESUME. After DIE nobody is served any more.
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
  void die();

  const std::shared_ptr<const JuliusTranscript> transcript_;
  const Options options_;
  JuliusSession* session_ = nullptr;
  bool asleep_ = false;  // PAUSE or TERMINATE
  bool dead_ = false;    // DIE
};

}  // namespace bunshin
