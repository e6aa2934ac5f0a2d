// Tensors of other frameworks, through DLPack, without a copy where they are contiguous.
// https://dmlc.github.io/dlpack/latest/python_spec.html
#include <nanobind/ndarray.h>

#include "convert.h"
#include "errors.h"

namespace nb = nanobind;

namespace carton::python {
namespace {

using nb::dlpack::dtype_code;

// DLDeviceType; the host can read the memory of the first three.
constexpr int kCpu = 1, kCudaHost = 3, kRocmHost = 11;

int32_t dtype_of(const nb::dlpack::dtype& dtype) {
  if (dtype.lanes != 1) return -1;
  const int bits = dtype.bits;
  switch (static_cast<dtype_code>(dtype.code)) {
    case dtype_code::Float:
      return bits == 32 ? CARTON_FLOAT32 : bits == 64 ? CARTON_FLOAT64 : bits == 16 ? CARTON_FLOAT16 : -1;
    case dtype_code::Bfloat:
      return bits == 16 ? CARTON_BFLOAT16 : -1;
    case dtype_code::Bool:
      return bits == 8 ? CARTON_BOOL : -1;
    case dtype_code::Int:
      return bits == 8    ? CARTON_INT8
             : bits == 16 ? CARTON_INT16
             : bits == 32 ? CARTON_INT32
             : bits == 64 ? CARTON_INT64
                          : -1;
    case dtype_code::UInt:
      return bits == 8    ? CARTON_UINT8
             : bits == 16 ? CARTON_UINT16
             : bits == 32 ? CARTON_UINT32
             : bits == 64 ? CARTON_UINT64
                          : -1;
    default:
      return -1;
  }
}

void require_host_memory(const InputName& name, nb::handle exporter) {
  if (!nb::hasattr(exporter, "__dlpack_device__")) return;
  nb::object device = exporter.attr("__dlpack_device__")();
  int type = nb::cast<int>(nb::int_(device[0]));
  if (type == kCpu || type == kCudaHost || type == kRocmHost) return;
  raise_input(
      name,
      "is a " + type_of(exporter) + " in the memory of a device (DLPack type " + std::to_string(type) + ")",
      "copy it to the host first: value.cpu() in PyTorch");
}

nb::object export_capsule(const InputName& name, nb::handle exporter) {
  nb::object method = exporter.attr("__dlpack__");
  nb::object capsule = nb::steal(PyObject_CallNoArgs(method.ptr()));
  if (capsule.is_valid() && PyCapsule_IsValid(capsule.ptr(), "dltensor")) return capsule;
  std::string reason = capsule.is_valid() ? "no capsule of the name `dltensor`" : take_python_error();
  raise_input(name, "is a " + type_of(exporter) + " that DLPack could not export (" + reason + ")",
              "pass a plain tensor or array in host memory: value.detach().cpu() in PyTorch");
}

}  // namespace

// A capsule that is not consumed frees its tensor when it is dropped: it is the owner, as it is.
TensorPtr tensor_from_dlpack(const InputName& name, nb::handle exporter) {
  require_host_memory(name, exporter);
  nb::object capsule = export_capsule(name, exporter);
  const auto* tensor =
      static_cast<const nb::dlpack::dltensor*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  int32_t dtype = dtype_of(tensor->dtype);
  if (dtype < 0) {
    std::string type = nb::hasattr(exporter, "dtype") ? nb::str(exporter.attr("dtype")).c_str() : "unknown";
    raise_input(name, "has dtype " + type + ", which is no dtype of Carton",
                "convert it first; Carton carries bool, int8 to int64, uint8 to uint64, float16, bfloat16, "
                "float32 and float64");
  }
  const void* data = static_cast<const std::byte*>(tensor->data) + tensor->byte_offset;
  return borrow_memory(name, dtype, tensor->shape, tensor->strides, tensor->ndim, data, capsule);
}

}  // namespace carton::python
