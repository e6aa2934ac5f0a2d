// make_sha256 and helpers, by OpenSSL.
#include <openssl/evp.h>

#include "base/error.h"
#include "io/codecs.h"

namespace carton {
namespace {

class EvpSha256 : public Sha256 {
 public:
  EvpSha256() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1) {
      EVP_MD_CTX_free(context_);
      throw Error(Code::NoMemory, "cannot start sha256");
    }
  }
  EvpSha256(const EvpSha256&) = delete;
  EvpSha256& operator=(const EvpSha256&) = delete;
  ~EvpSha256() override { EVP_MD_CTX_free(context_); }

  void update(const std::byte* data, uint64_t size) override {
    if (EVP_DigestUpdate(context_, data, size) != 1) throw Error(Code::Internal, "sha256 update failed");
  }

  std::array<std::byte, 32> finish() override {
    std::array<std::byte, 32> digest;
    if (EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(digest.data()), nullptr) != 1) {
      throw Error(Code::Internal, "sha256 finish failed");
    }
    return digest;
  }

 private:
  EVP_MD_CTX* context_;
};

}  // namespace

std::unique_ptr<Sha256> make_sha256() { return std::make_unique<EvpSha256>(); }

std::string to_hex(const std::array<std::byte, 32>& digest) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(64);
  for (std::byte b : digest) {
    out += digits[std::to_integer<unsigned>(b) >> 4];
    out += digits[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

std::string sha256_hex(const std::byte* data, uint64_t size) {
  auto hash = make_sha256();
  hash->update(data, size);
  return to_hex(hash->finish());
}

}  // namespace carton
