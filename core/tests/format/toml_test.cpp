#include "format/toml.h"

#include <pthread.h>

#include <functional>

#include "format/toml_depth.h"
#include "support/expect_code.h"

namespace carton::format {
namespace {

toml::table parse(const std::string& text, Limits limits = {}) {
  return parse_toml(text, "x.toml", kMiB, limits);
}

std::string repeated(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string nested_arrays(size_t depth) { return "a = " + repeated("[", depth) + "1" + repeated("]", depth); }
std::string nested_tables(size_t depth) {
  return "a = " + repeated("{b=", depth) + "1" + repeated("}", depth);
}

// Runs `body` on a thread with a small stack, as hosts in other languages have.
void on_small_stack(std::function<void()> body) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr size_t kStack = 2 * kMiB;  // its red zones multiply the size of frames
#else
  constexpr size_t kStack = 256 * kKiB;
#endif
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, kStack), 0);
  auto run = [](void* function) -> void* {
    (*static_cast<std::function<void()>*>(function))();
    return nullptr;
  };
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &body), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(Toml, depth_64_is_read_and_65_is_a_limit_on_a_small_stack) {
  on_small_stack([] {
    EXPECT_NO_THROW(parse(nested_arrays(64)));
    EXPECT_NO_THROW(parse(nested_tables(64)));
    EXPECT_CODE(Code::Limit, "64 levels", parse(nested_arrays(65)));
    EXPECT_CODE(Code::Limit, "64 levels", parse(nested_tables(65)));
  });
}

TEST(Toml, hostile_nesting_is_a_limit_on_a_small_stack) {
  on_small_stack([] {
    EXPECT_CODE(Code::Limit, "levels", parse(nested_arrays(100'000)));
    EXPECT_CODE(Code::Limit, "levels", parse("a = " + repeated("[", 100'000)));
    EXPECT_CODE(Code::Limit, "levels", parse("a" + repeated(".a", 200'000) + " = 1"));
    EXPECT_CODE(Code::Limit, "levels", parse("[a" + repeated(".a", 200'000) + "]"));
    EXPECT_CODE(Code::Limit, "levels", parse("a = " + repeated("{a" + repeated(".a", 60) + " = ", 60)));
    EXPECT_CODE(Code::Limit, "levels", parse("[[a" + repeated(".a", 64) + "]]"));
  });
}

TEST(Toml, dots_and_brackets_that_do_not_nest_do_not_count) {
  EXPECT_NO_THROW(parse("a = '" + repeated("[", 1000) + "'"));
  EXPECT_NO_THROW(parse("a = \"\\\"" + repeated("[", 1000) + "\""));
  EXPECT_NO_THROW(parse("a = '''\n'" + repeated("{.", 1000) + "'''\nb = \"\"\"\\\"" + repeated("[", 1000) +
                        "\"\"\"\"\""));
  EXPECT_NO_THROW(parse("# " + repeated("[", 1000) + "\na = [" + repeated("1.5, ", 1000) + "]\n"));
  EXPECT_NO_THROW(parse("\"" + repeated(".", 100) + "\" = 1"));
  EXPECT_NO_THROW(parse(repeated("\n[[t]]\na.b = 1.5", 1000)));
}

TEST(Toml, a_million_empty_tables_end_in_time) {
  std::string text;
  for (int i = 0; text.size() < kMiB - 32; ++i) text += "[a" + std::to_string(i) + ".b]\n";
  EXPECT_NO_THROW(parse(text));
  EXPECT_CODE(Code::Limit, "size of x.toml", parse(text + text));
}

TEST(Toml, refuses_what_is_not_toml) {
  const std::pair<std::string, const char*> cases[] = {
      {std::string("a = 1\n\0", 7), "NUL"},
      {"a = '\xff'", "not UTF-8"},
      {"a = 1\rb = 2", "line 1"},
      {"a = 9223372036854775808", "line 1"},
      {"a = 1\na = 2", "line 2"},
      {"[a]\n[b]\n[a]", "line 3"},
      {"a = ", "line 1"},
      {"a = [1, 2", "line 1"},
      {"a = 'x", "line 1"},
      {"a = \"\\ud800\"", "line 1"},
  };
  for (const auto& [text, fragment] : cases) EXPECT_CODE(Code::Format, fragment, parse(text));
}

TEST(Toml, takes_a_byte_order_mark_and_crlf) {
  toml::table table = parse(
      "\xef\xbb\xbf"
      "a = 1\r\nb = 'x'\r\n");
  EXPECT_EQ(TomlView(table, "x.toml").required_unsigned("a"), 1u);
}

TEST(TomlView, errors_name_the_key_what_was_expected_and_the_line) {
  toml::table table = parse("a = 1\n[t]\nb = 'x'\nc = -1\nd = [1]\n[[l]]\ne = 1979-05-27\n");
  TomlView root(table, "x.toml"), t = *root.table("t");
  EXPECT_CODE(Code::Format, "x.toml: `a` expected a string, got an integer (line 1)", root.string("a"));
  EXPECT_CODE(Code::Format, "`t.b` expected an integer of 0 or more, got a string (line 3)",
              t.required_unsigned("b"));
  EXPECT_CODE(Code::Format, "`t.c` expected an integer of 0 or more, got -1", t.required_unsigned("c"));
  EXPECT_CODE(Code::Format, "`t.d[0]` expected a string, got an integer", t.strings("d"));
  EXPECT_CODE(Code::Format, "`t.x` is missing", t.required_string("x"));
  EXPECT_CODE(Code::Format, "`l[0].e` expected a string, got a date", root.tables("l")->front().string("e"));
  EXPECT_CODE(Code::Format, "`t` expected a list of tables", root.tables("t"));
}

}  // namespace
}  // namespace carton::format
