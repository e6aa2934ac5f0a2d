// numpy arrays of numbers -> tensors, without a copy where the array is C-contiguous and in native byte
// order.
#define CARTON_DEFINES_NUMPY_API
#include "convert.h"
#include "errors.h"
#include "numpy_api.h"

namespace nb = nanobind;

namespace carton::python {

void ensure_numpy() {
  static bool imported = false;
  if (imported) return;
  if (_import_array() < 0) throw nb::python_error();
  imported = true;
}

int bfloat16_type_number() {
  static int number = -1;
  if (number < 0) {
    nb::object dtype =
        nb::module_::import_("numpy").attr("dtype")(nb::module_::import_("ml_dtypes").attr("bfloat16"));
    number = nb::cast<int>(dtype.attr("num"));
  }
  return number;
}

namespace {

constexpr int kMaxRank = 32;

int32_t dtype_of(const PyArray_Descr* descr) {
  switch (descr->type_num) {
    case NPY_FLOAT:
      return CARTON_FLOAT32;
    case NPY_DOUBLE:
      return CARTON_FLOAT64;
    case NPY_BYTE:
      return CARTON_INT8;
    case NPY_SHORT:
      return CARTON_INT16;
    case NPY_INT:
      return CARTON_INT32;
    case NPY_LONG:
      return sizeof(npy_long) == 8 ? CARTON_INT64 : CARTON_INT32;
    case NPY_LONGLONG:
      return CARTON_INT64;
    case NPY_UBYTE:
      return CARTON_UINT8;
    case NPY_USHORT:
      return CARTON_UINT16;
    case NPY_UINT:
      return CARTON_UINT32;
    case NPY_ULONG:
      return sizeof(npy_ulong) == 8 ? CARTON_UINT64 : CARTON_UINT32;
    case NPY_ULONGLONG:
      return CARTON_UINT64;
    case NPY_BOOL:
      return CARTON_BOOL;
    case NPY_HALF:
      return CARTON_FLOAT16;
    default:
      return -1;
  }
}

// Dtypes that ml_dtypes registers have numbers from NPY_USERDEF on, given at run time.
bool is_bfloat16(const PyArray_Descr* descr) {
  if (descr->type_num < NPY_USERDEF) return false;
  std::string name = descr->typeobj->tp_name;
  return name.size() >= 8 && name.compare(name.size() - 8, 8, "bfloat16") == 0 &&
         descr->type_num == bfloat16_type_number();
}

const char* hint_for(char kind) {
  switch (kind) {
    case 'S':
      return "pass text as str: value.astype(str)";
    case 'c':
      return "pass the parts as two inputs: value.real and value.imag";
    case 'M':
    case 'm':
      return "pass the integers beneath: value.astype(np.int64)";
    case 'V':
      return "pass one input per field: value[\"field\"]";
    case 'f':
      return "pass value.astype(np.float32), or another of Carton's dtypes";
    default:
      return "convert it with .astype to one of Carton's dtypes";
  }
}

[[noreturn]] void refuse_dtype(const InputName& name, PyArrayObject* array) {
  PyArray_Descr* descr = PyArray_DESCR(array);
  nb::str dtype(nb::handle(reinterpret_cast<PyObject*>(descr)));
  raise_input(
      name,
      "has dtype " + std::string(dtype.c_str()) +
          "; Carton carries bool, int8 to int64, uint8 to uint64, float16, bfloat16, float32, float64 "
          "and str",
      hint_for(descr->kind));
}

// A masked array would pass its hidden values as if they were real.
void refuse_masked(const InputName& name, nb::handle array) {
  if (PyArray_CheckExact(array.ptr())) return;
  nb::object masked = nb::module_::import_("numpy.ma").attr("MaskedArray");
  if (PyObject_IsInstance(array.ptr(), masked.ptr()) != 1) return;
  raise_input(name, "is a masked array, and Carton has no masks",
              "pass value.filled(fill_value), and the mask as an input of its own if the model needs it");
}

// In C order, aligned, native byte order. `array` itself when it is so already.
nb::object in_native_order(nb::handle array) {
  auto* source = reinterpret_cast<PyArrayObject*>(array.ptr());
  if (PyArray_ISCARRAY_RO(source)) return nb::borrow(array);
  PyArray_Descr* native = PyArray_DescrNewByteorder(PyArray_DESCR(source), NPY_NATIVE);
  if (!native) throw nb::python_error();
  nb::object copy = nb::steal(PyArray_FromArray(source, native, NPY_ARRAY_CARRAY_RO));
  if (!copy.is_valid()) throw nb::python_error();
  return copy;
}

}  // namespace

TensorPtr tensor_from_array(const InputName& name, nb::handle value) {
  auto* array = reinterpret_cast<PyArrayObject*>(value.ptr());
  refuse_masked(name, value);
  if (PyArray_NDIM(array) > kMaxRank) {
    raise_input(name,
                "has " + std::to_string(PyArray_NDIM(array)) + " dimensions, and a tensor has at most " +
                    std::to_string(kMaxRank),
                "reshape it");
  }
  PyArray_Descr* descr = PyArray_DESCR(array);
  int32_t dtype = dtype_of(descr);
  if (dtype < 0) {
    if (descr->kind == 'U') return tensor_from_unicode_array(name, in_native_order(value));
    if (descr->kind == 'O') return tensor_from_object_array(name, in_native_order(value));
    if (descr->kind == 'T') return tensor_from_object_array(name, in_native_order(value.attr("astype")("O")));
    if (!is_bfloat16(descr)) refuse_dtype(name, array);
    dtype = CARTON_BFLOAT16;
  }
  nb::object native = in_native_order(value);
  array = reinterpret_cast<PyArrayObject*>(native.ptr());
  return borrow_memory(name, dtype, PyArray_DIMS(array), nullptr, PyArray_NDIM(array), PyArray_DATA(array),
                       native);
}

}  // namespace carton::python
