// str, lists of str, numpy arrays of text -> string tensors (always copied: UTF-8 there).
#include <string_view>
#include <vector>

#include "convert.h"
#include "errors.h"
#include "numpy_api.h"

namespace nb = nanobind;

namespace carton::python {
namespace {

constexpr Py_UCS4 kLastCodePoint = 0x10FFFF;

// Pointers into Python's str objects, which cache their UTF-8; the caller keeps them alive.
struct Texts {
  std::vector<const char*> pointers;
  std::vector<uint64_t> lengths;

  explicit Texts(size_t count) {
    pointers.reserve(count);
    lengths.reserve(count);
  }
  void add(std::string_view text) {
    pointers.push_back(text.data());
    lengths.push_back(text.size());
  }
  TensorPtr tensor(const InputName& name, const int64_t* shape, int32_t rank) const {
    carton_tensor* out = nullptr;
    carton_error* error = nullptr;
    check(carton_tensor_strings(shape, rank, pointers.data(), lengths.data(), &out, &error), error,
          name.text() + ": ");
    return TensorPtr(out);
  }
};

[[noreturn]] void refuse_surrogate(const InputName& name, const std::string& where) {
  raise_input(name, where + "holds a lone surrogate, which is not a character",
              "text that came from bytes is often meant to be decoded as: "
              "value.encode(\"utf-8\", \"surrogateescape\").decode(\"utf-8\", \"replace\")");
}

std::string_view utf8_of(const InputName& name, PyObject* text, const std::string& where) {
  Py_ssize_t length = 0;
  const char* utf8 = PyUnicode_AsUTF8AndSize(text, &length);
  if (utf8) return {utf8, static_cast<size_t>(length)};
  if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) throw nb::python_error();
  PyErr_Clear();
  refuse_surrogate(name, where);
}

// False for surrogates and numbers that are no code points.
bool append_utf8(std::string& out, Py_UCS4 c) {
  auto byte = [&out](Py_UCS4 value) { out.push_back(static_cast<char>(value)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    if (c >= 0xD800 && c < 0xE000) return false;
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    if (c > kLastCodePoint) return false;
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
  return true;
}

std::string element(size_t index) { return "element " + std::to_string(index) + " "; }

}  // namespace

TensorPtr tensor_from_str(const InputName& name, nb::handle text) {
  std::string_view utf8 = utf8_of(name, text.ptr(), "");
  Texts texts(1);
  texts.add(utf8);
  return texts.tensor(name, nullptr, 0);
}

TensorPtr tensor_from_sequence(const InputName& name, nb::handle sequence) {
  PyObject** items = PySequence_Fast_ITEMS(sequence.ptr());
  auto count = static_cast<size_t>(PySequence_Fast_GET_SIZE(sequence.ptr()));
  Texts texts(count);
  for (size_t i = 0; i < count; ++i) {
    if (!PyUnicode_Check(items[i])) {
      raise_input(name,
                  "is a " + type_of(sequence) + " whose " + element(i) + "is of type " + type_of(items[i]) +
                      "; only lists of str are converted",
                  "pass np.array(value, dtype=...), so that the dtype is yours to choose");
    }
    texts.add(utf8_of(name, items[i], element(i)));
  }
  const auto length = static_cast<int64_t>(count);
  return texts.tensor(name, &length, 1);
}

TensorPtr tensor_from_object_array(const InputName& name, nb::handle value) {
  auto* array = reinterpret_cast<PyArrayObject*>(value.ptr());
  auto* items = static_cast<PyObject**>(PyArray_DATA(array));
  auto count = static_cast<size_t>(PyArray_SIZE(array));
  Texts texts(count);
  for (size_t i = 0; i < count; ++i) {
    if (!items[i] || !PyUnicode_Check(items[i])) {
      std::string type = items[i] ? type_of(items[i]) : "NoneType";
      raise_input(name,
                  "is an object array whose " + element(i) + "is of type " + type + "; only str is converted",
                  "pass value.astype(np.float32), or the dtype that the model declares");
    }
    texts.add(utf8_of(name, items[i], element(i)));
  }
  return texts.tensor(name, PyArray_DIMS(array), PyArray_NDIM(array));
}

// Every element has room for the same number of code points, and is padded with NUL.
TensorPtr tensor_from_unicode_array(const InputName& name, nb::handle value) {
  auto* array = reinterpret_cast<PyArrayObject*>(value.ptr());
  const auto* points = static_cast<const Py_UCS4*>(PyArray_DATA(array));
  auto count = static_cast<size_t>(PyArray_SIZE(array));
  auto width = static_cast<size_t>(PyArray_ITEMSIZE(array)) / sizeof(Py_UCS4);

  std::string utf8;
  std::vector<size_t> ends;
  ends.reserve(count);
  for (size_t i = 0; i < count; ++i, points += width) {
    size_t length = width;
    while (length > 0 && points[length - 1] == 0) --length;
    for (size_t c = 0; c < length; ++c) {
      if (!append_utf8(utf8, points[c])) refuse_surrogate(name, element(i));
    }
    ends.push_back(utf8.size());
  }
  Texts texts(count);
  size_t begin = 0;
  for (size_t end : ends) {
    texts.add(std::string_view(utf8).substr(begin, end - begin));
    begin = end;
  }
  return texts.tensor(name, PyArray_DIMS(array), PyArray_NDIM(array));
}

}  // namespace carton::python
