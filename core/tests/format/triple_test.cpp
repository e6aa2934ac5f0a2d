#include "format/triple.h"

#include "support/expect_code.h"

namespace carton::format {
namespace {

TEST(Triple, full_ones_stay_as_they_are) {
  for (const char* triple :
       {"x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin",
        "x86_64-pc-windows-msvc", "x86_64-unknown-linux-musl", "wasm32-unknown-unknown", "wasm32-wasi",
        "aarch64-linux-android", "armv7-unknown-linux-gnueabihf", "riscv64gc-unknown-linux-gnu",
        "x86_64-apple-ios", "x86_64-unknown-freebsd", "x86_64-alpine-linux-musl"}) {
    EXPECT_EQ(canonical_triple(triple), triple);
  }
}

TEST(Triple, partial_ones_are_completed) {
  EXPECT_EQ(canonical_triple("x86_64-linux-gnu"), "x86_64-unknown-linux-gnu");
  EXPECT_EQ(canonical_triple("arm64-apple-darwin"), "aarch64-apple-darwin");
  EXPECT_EQ(canonical_triple("x86_64"), "x86_64-unknown-unknown");
  EXPECT_EQ(canonical_triple("x86_64-unknown-linux-gnu-elf"), "x86_64-unknown-linux-gnu");
  EXPECT_EQ(canonical_triple("x86_64-unknown-linux-gnu-coff"), "x86_64-unknown-linux-gnu-coff");
}

TEST(Triple, others_are_refused) {
  for (const char* bad :
       {"", "linux", "amd64-unknown-linux-gnu", "X86_64-unknown-linux-gnu", "x86_64-unknown-linux-gnu-foo",
        "x86_64-unknown-linux-gnu-elf-more", "x86_64-", "x86_64--linux", "x86_64-Linux", "any"}) {
    EXPECT_CODE(Code::Format, "target triple", canonical_triple(bad));
  }
}

}  // namespace
}  // namespace carton::format
