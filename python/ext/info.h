// cartonml._native.Info: carton_info.
#pragma once

#include <nanobind/nanobind.h>

#include "handles.h"

namespace carton::python {

class Info {
 public:
  explicit Info(nanobind::bytes location);
  explicit Info(InfoPtr info) : info_(std::move(info)) {}

  nanobind::str json() const;
  nanobind::str manifest_sha256() const;
  nanobind::object tensor(const char* name) const;
  nanobind::object read(const char* path, uint64_t offset, uint64_t size) const;
  nanobind::str verify() const;

 private:
  InfoPtr info_;
};

void register_info(nanobind::module_& module);

}  // namespace carton::python
