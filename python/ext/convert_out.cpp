// Tensors -> numpy arrays.
#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "convert.h"
#include "errors.h"
#include "numpy_api.h"

namespace nb = nanobind;

namespace carton::python {
namespace {

constexpr size_t kLongestFixedText = size_t{1} << 28;  // numpy counts an element's bytes in an int

int type_number(int32_t dtype) {
  switch (dtype) {
    case CARTON_FLOAT32:
      return NPY_FLOAT32;
    case CARTON_FLOAT64:
      return NPY_FLOAT64;
    case CARTON_INT8:
      return NPY_INT8;
    case CARTON_INT16:
      return NPY_INT16;
    case CARTON_INT32:
      return NPY_INT32;
    case CARTON_INT64:
      return NPY_INT64;
    case CARTON_UINT8:
      return NPY_UINT8;
    case CARTON_UINT16:
      return NPY_UINT16;
    case CARTON_UINT32:
      return NPY_UINT32;
    case CARTON_UINT64:
      return NPY_UINT64;
    case CARTON_BOOL:
      return NPY_BOOL;
    case CARTON_FLOAT16:
      return NPY_FLOAT16;
    case CARTON_BFLOAT16:
      return bfloat16_type_number();
    default:
      break;
  }
  raise_error(CARTON_INTERNAL, "a tensor came back with dtype number " + std::to_string(dtype),
              "please report it");
}

// `data` may be nullptr: then numpy allocates. Steals `descr`.
nb::object new_array(PyArray_Descr* descr, const carton_tensor* tensor, void* data) {
  nb::object array = nb::steal(PyArray_NewFromDescr(&PyArray_Type, descr, carton_tensor_rank(tensor),
                                                    const_cast<npy_intp*>(carton_tensor_shape(tensor)),
                                                    nullptr, data, data ? NPY_ARRAY_CARRAY : 0, nullptr));
  if (!array.is_valid()) throw nb::python_error();
  return array;
}

void free_tensor_of(PyObject* capsule) {
  carton_tensor_free(static_cast<carton_tensor*>(PyCapsule_GetPointer(capsule, nullptr)));
}

nb::object array_over(carton_tensor* tensor) {
  PyArray_Descr* descr = PyArray_DescrFromType(type_number(carton_tensor_dtype(tensor)));
  if (!descr) throw nb::python_error();
  if (carton_tensor_count(tensor) == 0) return new_array(descr, tensor, nullptr);
  nb::object array = new_array(descr, tensor, carton_tensor_data(tensor));
  auto* numpy = reinterpret_cast<PyArrayObject*>(array.ptr());
  PyArray_UpdateFlags(numpy, NPY_ARRAY_ALIGNED);  // small results lie packed in a slot

  TensorPtr reference(carton_tensor_retain(tensor));
  PyObject* owner = PyCapsule_New(reference.get(), nullptr, free_tensor_of);
  if (!owner) throw nb::python_error();
  reference.release();
  if (PyArray_SetBaseObject(numpy, owner) != 0) throw nb::python_error();  // steals owner, also on failure
  return array;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// One string of the tensor; `object` only where it is not ASCII, whose bytes are its code points.
struct Text {
  std::string_view utf8;
  nb::object object;
  size_t length;

  nb::object as_object() const {
    return object.is_valid() ? object : nb::steal(decode(utf8.data(), utf8.size()));
  }
  void write(Py_UCS4* points) const {
    if (!object.is_valid()) {
      std::copy(utf8.begin(), utf8.end(), points);
    } else if (!PyUnicode_AsUCS4(object.ptr(), points, static_cast<Py_ssize_t>(length), 0)) {
      throw nb::python_error();
    }
  }
};

std::vector<Text> texts_of(const carton_tensor* tensor) {
  uint64_t count = carton_tensor_count(tensor);
  std::vector<Text> texts(count);
  for (uint64_t i = 0; i < count; ++i) {
    const char* utf8 = nullptr;
    uint64_t bytes = 0;
    carton_error* error = nullptr;
    check(carton_tensor_string(tensor, i, &utf8, &bytes, &error), error);
    Text& text = texts[i];
    text.utf8 = {utf8, bytes};
    text.length = bytes;
    if (is_ascii(text.utf8)) continue;
    text.object = nb::steal(decode(utf8, bytes));
    text.length = static_cast<size_t>(PyUnicode_GET_LENGTH(text.object.ptr()));
  }
  return texts;
}

// numpy pads `<U` with NUL and drops NULs at the end when it reads an element; and one long string among
// many short ones would cost its length times their number.
bool fits_fixed_width(const std::vector<Text>& texts, size_t longest) {
  size_t total = 0;
  for (const Text& text : texts) {
    if (!text.utf8.empty() && text.utf8.back() == '\0') return false;
    total += text.length;
  }
  return longest <= kLongestFixedText && longest * texts.size() <= 4 * total;
}

nb::object fixed_width_array(const carton_tensor* tensor, const std::vector<Text>& texts, size_t longest) {
  PyArray_Descr* descr = PyArray_DescrNewFromType(NPY_UNICODE);
  if (!descr) throw nb::python_error();
  const size_t width = std::max<size_t>(longest, 1);
  PyDataType_SET_ELSIZE(descr, static_cast<npy_intp>(width * sizeof(Py_UCS4)));
  nb::object array = new_array(descr, tensor, nullptr);
  auto* points = static_cast<Py_UCS4*>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(array.ptr())));
  for (const Text& text : texts) {
    text.write(points);
    std::fill(points + text.length, points + width, 0);
    points += width;
  }
  return array;
}

nb::object object_array(const carton_tensor* tensor, const std::vector<Text>& texts) {
  nb::object array = new_array(PyArray_DescrFromType(NPY_OBJECT), tensor, nullptr);
  auto** items = static_cast<PyObject**>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(array.ptr())));
  for (const Text& text : texts) {
    PyObject* before = std::exchange(*items++, text.as_object().release().ptr());
    Py_XDECREF(before);
  }
  return array;
}

nb::object array_of_strings(const carton_tensor* tensor) {
  std::vector<Text> texts = texts_of(tensor);
  size_t longest = 0;
  for (const Text& text : texts) longest = std::max(longest, text.length);
  return fits_fixed_width(texts, longest) ? fixed_width_array(tensor, texts, longest)
                                          : object_array(tensor, texts);
}

}  // namespace

nb::object array_from_tensor(carton_tensor* tensor) {
  ensure_numpy();
  return carton_tensor_dtype(tensor) == CARTON_STRING ? array_of_strings(tensor) : array_over(tensor);
}

nb::dict dict_from_tensors(const carton_tensors* outputs) {
  nb::dict dict;
  const uint64_t count = carton_tensors_count(outputs);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view name = carton_tensors_name(outputs, i);
    nb::object key = nb::steal(decode(name.data(), name.size()));
    dict[key] = array_from_tensor(carton_tensors_at(outputs, i));
  }
  return dict;
}

}  // namespace carton::python
