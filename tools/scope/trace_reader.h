#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bunshin {

/// Reads a trace file (Trace Event Format, as an array or as an object with "traceEvents", however
/// it is laid out) and calls `take` with one entry after the other: it needs no more memory for a
/// large file than for a small one. Returns what is wrong with it, in a sentence that begins with
/// the path; empty when it is whole. What comes before a fault has been taken.
std::string read_trace(const std::string& path,
                       const std::function<void(const nlohmann::json& entry)>& take);

}  // namespace bunshin
