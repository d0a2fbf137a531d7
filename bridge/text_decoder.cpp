#include "bridge/text_decoder.h"

#include <fmt/format.h>
#include <iconv.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace bunshin {
namespace {

const auto kFailed = static_cast<std::size_t>(-1);
constexpr std::string_view kAsciiSample = "<A B=\"1\"/>\n.\n";

iconv_t open_conversion(const std::string& encoding) {
  // An empty name means the locale's, and "//IGNORE" would drop bad bytes in silence.
  const bool plain = !encoding.empty() && encoding.find("//") == std::string::npos &&
                     encoding.find('\0') == std::string::npos;
  iconv_t conversion = plain ? iconv_open("UTF-8", encoding.c_str()) : iconv_t(-1);
  if (conversion == iconv_t(-1)) {
    throw std::invalid_argument(
        fmt::format("unknown encoding \"{}\": `iconv --list` shows the names known", encoding));
  }
  return conversion;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// glibc lets pass what UTF-8 could once hold beyond U+10FFFF, in four to six bytes.
void replace_beyond_unicode(TextDecoder::Result& result) {
  const std::string text = std::exchange(result.text, {});
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0xf4 || (lead == 0xf4 && static_cast<unsigned char>(text[at + 1]) < 0x90)) {
      result.text.push_back(text[at]);
      continue;
    }
    result.text.append(kReplacement);
    ++result.replaced;
    while (at + 1 < text.size() && is_continuation(text[at + 1])) ++at;
  }
}

}  // namespace

bool can_encode(std::string_view character, const std::string& encoding) {
  iconv_t conversion = iconv_open(encoding.c_str(), "UTF-8");
  if (conversion == iconv_t(-1)) return false;
  std::array<char, 64> chunk;
  char* in = const_cast<char*>(character.data());  // iconv's signature; it does not write there
  std::size_t in_left = character.size();
  char* out = chunk.data();
  std::size_t out_left = chunk.size();
  const std::size_t replaced = iconv(conversion, &in, &in_left, &out, &out_left);
  iconv_close(conversion);
  return replaced == 0 && in_left == 0;
}

TextDecoder::TextDecoder(const std::string& encoding) : conversion_(open_conversion(encoding)) {
  const Result sample = decode(kAsciiSample);
  if (sample.text == kAsciiSample) return;
  iconv_close(conversion_);
  throw std::invalid_argument(fmt::format(
      "encoding \"{}\" does not contain ASCII: the engine's messages cannot be told apart in it",
      encoding));
}

TextDecoder::~TextDecoder() { iconv_close(conversion_); }

TextDecoder::Result TextDecoder::decode(std::string_view bytes) {
  iconv(conversion_, nullptr, nullptr, nullptr, nullptr);  // forgets the state of the last block
  Result result;
  std::array<char, 4096> chunk;
  char* in = const_cast<char*>(bytes.data());  // iconv's signature; it does not write there
  std::size_t in_left = bytes.size();
  for (bool flushing = false;;) {
    char* out = chunk.data();
    std::size_t out_left = chunk.size();
    // With no input it gives what it held back: some encodings end in a shift sequence.
    const std::size_t converted = iconv(conversion_, flushing ? nullptr : &in,
                                        flushing ? nullptr : &in_left, &out, &out_left);
    const int error = errno;
    result.text.append(chunk.data(), chunk.size() - out_left);
    if (converted == kFailed && error == E2BIG) continue;
    if (flushing) break;
    if (converted != kFailed || in_left == 0) {
      flushing = true;
      continue;
    }
    // One byte and no more: what follows may be the quotation mark that ends a word.
    result.text.append(kReplacement);
    ++result.replaced;
    ++in;
    --in_left;
  }
  if (result.text.find_first_of("\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd") != std::string::npos) {
    replace_beyond_unicode(result);
  }
  return result;
}

}  // namespace bunshin
