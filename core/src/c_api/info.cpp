#include <cstring>
#include <nlohmann/json.hpp>

#include "c_api/handles.h"
#include "runner/config.h"
#include "runner/select.h"

namespace carton::c_api {

char* new_string(const std::string& value) {
  char* out = new char[value.size() + 1];
  std::memcpy(out, value.c_str(), value.size() + 1);
  live_objects.fetch_add(1, std::memory_order_relaxed);
  return out;
}

namespace {

std::string verify_report(const CartonFile& file) {
  auto mismatches = file.verify();
  nlohmann::json files = nlohmann::json::array();
  for (const auto& entry : file.files()) {
    std::string actual = entry.sha256;
    for (const auto& bad : mismatches) {
      if (bad.path == entry.path) actual = bad.actual;
    }
    files.push_back({{"path", entry.path}, {"expected", entry.sha256}, {"actual", actual}});
  }
  return nlohmann::json{{"ok", mismatches.empty()}, {"files", files}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace
}  // namespace carton::c_api

using namespace carton;
using namespace carton::c_api;

int32_t carton_info_open(const char* location, carton_info** out, carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    require(location, "location");
    *out = new carton_info(CartonFile::open(location));
  });
}

const char* carton_info_json(const carton_info* info) { return info == nullptr ? "" : info->json.c_str(); }

const char* carton_info_manifest_sha256(const carton_info* info) {
  return info == nullptr ? "" : info->file->manifest_sha256().c_str();
}

int32_t carton_info_tensor(const carton_info* info, const char* name, carton_tensor** out,
                           carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    require(info, "info");
    require(name, "name");
    *out = new_tensor(info->file->tensor(name));
  });
}

int32_t carton_info_read(const carton_info* info, const char* path, uint64_t offset, void* buffer,
                         uint64_t capacity, uint64_t* length, carton_error** error) {
  return guarded(error, [&] {
    require(length, "length");
    *length = 0;
    require(info, "info");
    require(path, "path");
    if (capacity != 0) require(buffer, "buffer");
    *length = info->file->read_at(path, offset, static_cast<std::byte*>(buffer), capacity);
  });
}

int32_t carton_info_verify(const carton_info* info, char** report, carton_error** error) {
  return guarded(error, [&] {
    require_out(report);
    require(info, "info");
    *report = new_string(verify_report(*info->file));
  });
}

void carton_info_free(carton_info* info) { delete info; }

void carton_string_free(char* value) {
  if (value == nullptr) return;
  live_objects.fetch_sub(1, std::memory_order_relaxed);
  delete[] value;
}

int32_t carton_runners_json(char** out, carton_error** error) {
  return guarded(error, [&] {
    require_out(out);
    *out = new_string(runners_json(discover_runners(load_config().runner_dir)));
  });
}
