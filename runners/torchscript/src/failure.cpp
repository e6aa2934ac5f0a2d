#include "failure.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace carton::torchscript {
namespace {

constexpr std::string_view kInterpreter = "The following operation failed in the TorchScript interpreter.\n";
constexpr std::string_view kOriginal = "Traceback of TorchScript, original code (most recent call last):\n";
constexpr std::string_view kFramePrefix = "  File \"";
constexpr std::string_view kHere = "<--- HERE";

// One `File "...", line N, in f` with the source lines below it.
struct Frame {
  std::string_view header;
  std::string_view source;  // the marked line, trimmed; empty when none is marked
};

std::string_view trim(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\n") - first + 1);
}

std::string_view before(std::string_view text, std::string_view mark) {
  return text.substr(0, text.find(mark));
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

bool is_marker(std::string_view line) {
  line = trim(line);
  return line.starts_with('~') &&
         (line.ends_with(kHere) || line.find_first_not_of('~') == std::string_view::npos);
}

// `File "/home/me/model.py", line 31, in forward` -> `model.py:31, in forward`. The folders are left
// out: they belong to the machine of whoever saved the model.
std::string frame_place(std::string_view header) {
  header.remove_prefix(kFramePrefix.size());
  const auto quote = header.find('"');
  if (quote == std::string_view::npos) return std::string(header);
  std::string_view file = header.substr(0, quote);
  file = file.substr(file.find_last_of("/\\") + 1);
  std::string_view rest = header.substr(quote + 1);
  constexpr std::string_view kLine = ", line ";
  if (!rest.starts_with(kLine)) return std::string(file);
  return text(file, ":", rest.substr(kLine.size()));
}

std::string render(const std::vector<Frame>& frames) {
  std::string out;
  for (const Frame& frame : frames) {
    append_text(out, text("\n  ", frame_place(frame.header)));
    if (!frame.source.empty()) append_text(out, text(": ", frame.source));
  }
  return out;
}

// The frames of the last traceback and, after its last marker, the exception's own words.
struct Traceback {
  std::vector<Frame> frames;
  std::string error;
};

Traceback parse_traceback(std::string_view what) {
  const auto original = what.find(kOriginal);
  if (original != std::string_view::npos) what.remove_prefix(original + kOriginal.size());
  const std::vector<std::string_view> lines = split_lines(what);

  Traceback result;
  size_t error_line = lines.size();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with(kFramePrefix)) {
      result.frames.push_back({lines[i], {}});
    } else if (!lines[i].empty() && lines[i].front() != ' ' && !result.frames.empty()) {
      error_line = std::min(error_line, i);  // source lines are indented, the message is not
    } else if (is_marker(lines[i]) && i > 0 && !result.frames.empty() &&
               result.frames.back().source.empty()) {
      result.frames.back().source = trim(lines[i - 1]);
    }
    if (error_line < lines.size()) break;
  }
  for (size_t i = error_line; i < lines.size(); ++i) append_text(result.error, text(lines[i], "\n"));
  return result;
}

std::string_view without_module(std::string_view error) {
  constexpr std::string_view kBuiltins = "builtins.";
  return error.starts_with(kBuiltins) ? error.substr(kBuiltins.size()) : error;
}

}  // namespace

std::string message_of(const std::exception& exception) {
  if (const auto* error = dynamic_cast<const c10::Error*>(&exception)) return error->what_without_backtrace();
  return exception.what();
}

std::string summarize_failure(std::string_view what) {
  what = before(what, "\nException raised from ");
  if (!what.starts_with(kInterpreter)) return printable(trim(what));
  const Traceback traceback = parse_traceback(what);
  if (traceback.error.empty()) return printable(trim(what.substr(kInterpreter.size())));
  return printable(text(without_module(trim(traceback.error)), render(traceback.frames)));
}

std::string summarize_load_failure(std::string_view what) {
  what = before(what, "\nException raised from ");
  what = before(what, " This is an internal miniz error.");
  what = before(what, "\nCould not find any similar ops");
  const auto enforced = what.find("] . ");  // "[enforce fail at inline_container.cc:230] . Attempted ..."
  if (what.starts_with("[enforce fail at ") && enforced != std::string_view::npos)
    what.remove_prefix(enforced + 4);
  return printable(trim(what));
}

}  // namespace carton::torchscript
