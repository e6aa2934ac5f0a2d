// Any Python value -> tensor: decides by type, the exact conversions are in the other convert_ files.
#include "convert.h"
#include "errors.h"
#include "keep_alive.h"
#include "numpy_api.h"

namespace nb = nanobind;

namespace carton::python {

std::string InputName::text() const { return std::string("input `") + name + "`"; }

void raise_input(const InputName& name, const std::string& problem, const std::string& hint) {
  raise_error(CARTON_INPUT, name.text() + " " + problem, hint);
}

std::string type_of(nb::handle object) {
  nb::handle type = object.type();
  nb::str module(type.attr("__module__")), name(type.attr("__qualname__"));
  std::string prefix = module.c_str();
  return prefix == "builtins" ? name.c_str() : prefix + "." + name.c_str();
}

TensorPtr borrow_memory(const InputName& name, int32_t dtype, const int64_t* shape, const int64_t* strides,
                        int32_t rank, const void* data, nb::handle owner) {
  carton_tensor* tensor = nullptr;
  carton_error* error = nullptr;
  owner.inc_ref();
  int32_t status =
      carton_tensor_view(dtype, shape, strides, rank, data, release_object, owner.ptr(), &tensor, &error);
  if (status != CARTON_OK) {
    owner.dec_ref();
    check(status, error, name.text() + ": ");
  }
  return TensorPtr(tensor);
}

namespace {

template <typename Number>
TensorPtr scalar(const InputName& name, int32_t dtype, Number value) {
  carton_tensor* tensor = nullptr;
  carton_error* error = nullptr;
  check(carton_tensor_create(dtype, nullptr, 0, &tensor, &error), error, name.text() + ": ");
  *static_cast<Number*>(carton_tensor_data(tensor)) = value;
  return TensorPtr(tensor);
}

TensorPtr tensor_from_int(const InputName& name, nb::handle value) {
  int overflow = 0;
  int64_t number = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
  if (overflow != 0) {
    raise_input(name, "is a Python int that int64 cannot hold",
                "pass np.array(value, dtype=np.uint64) up to 2**64 - 1, or a float");
  }
  if (number == -1 && PyErr_Occurred()) throw nb::python_error();
  return scalar(name, CARTON_INT64, number);
}

// bytes, bytearray, memoryview, array.array, ...: numpy knows every form a buffer may have.
TensorPtr tensor_from_buffer(const InputName& name, nb::handle value) {
  nb::object view = nb::steal(PyMemoryView_FromObject(value.ptr()));
  nb::object array;
  if (view.is_valid()) array = nb::steal(PyArray_FromAny(view.ptr(), nullptr, 0, 0, 0, nullptr));
  if (!array.is_valid()) {
    raise_input(name, "is a " + type_of(value) + " whose buffer cannot be read (" + take_python_error() + ")",
                "pass a numpy array");
  }
  return tensor_from_array(name, array);
}

[[noreturn]] void raise_unknown_type(const InputName& name, nb::handle value) {
  std::string type = type_of(value);
  if (value.is_none())
    raise_input(name, "is None", "leave an optional input out of the dict, or pass a value");
  if (PyComplex_Check(value.ptr())) {
    raise_input(name, "is a complex number, which is no dtype of Carton",
                "pass the real and imaginary parts as two inputs");
  }
  raise_input(name, "is a " + type + ", which Carton cannot convert",
              "pass a numpy array (np.asarray(value) makes one of most array types), str, list of str, int, "
              "float or bool");
}

}  // namespace

TensorPtr tensor_from_python(const InputName& name, nb::handle value) {
  PyObject* object = value.ptr();
  if (PyArray_Check(object)) return tensor_from_array(name, value);
  if (PyUnicode_Check(object)) return tensor_from_str(name, value);
  if (PyBool_Check(object)) return scalar<uint8_t>(name, CARTON_BOOL, object == Py_True);
  if (PyArray_IsScalar(object, Generic)) {
    nb::object array = nb::steal(PyArray_FromAny(object, nullptr, 0, 0, 0, nullptr));
    if (!array.is_valid()) throw nb::python_error();
    return tensor_from_array(name, array);
  }
  if (PyLong_Check(object)) return tensor_from_int(name, value);
  if (PyFloat_Check(object)) return scalar(name, CARTON_FLOAT64, PyFloat_AS_DOUBLE(object));
  if (PyList_Check(object) || PyTuple_Check(object)) return tensor_from_sequence(name, value);
  if (nb::hasattr(value, "__dlpack__")) return tensor_from_dlpack(name, value);
  if (PyObject_CheckBuffer(object)) return tensor_from_buffer(name, value);
  raise_unknown_type(name, value);
}

namespace {

// libcarton takes names as C strings.
const char* input_name(nb::handle key) {
  Py_ssize_t length = 0;
  const char* name = PyUnicode_Check(key.ptr()) ? PyUnicode_AsUTF8AndSize(key.ptr(), &length) : nullptr;
  if (name && std::char_traits<char>::length(name) == static_cast<size_t>(length)) return name;
  PyErr_Clear();
  raise_error(CARTON_INPUT, std::string("input names are str without NUL, got ") + nb::repr(key).c_str(),
              "the keys of the dict are the names of the model's inputs");
}

nb::object as_dict(nb::handle inputs) {
  if (PyDict_Check(inputs.ptr())) return nb::borrow(inputs);
  if (!PyMapping_Check(inputs.ptr()) || !nb::hasattr(inputs, "keys")) {
    raise_type_error("the inputs must be a dict of names to values, got " + type_of(inputs),
                     "pass {\"name of an input\": value}");
  }
  nb::object dict = nb::steal(PyDict_New());
  if (PyDict_Update(dict.ptr(), inputs.ptr()) != 0) throw nb::python_error();
  return dict;
}

}  // namespace

TensorsPtr tensors_from_python(nb::handle inputs) {
  ensure_numpy();
  drop_released_objects();
  nb::object dict = as_dict(inputs);
  carton_tensors* created = nullptr;
  carton_error* error = nullptr;
  check(carton_tensors_create(&created, &error), error);
  TensorsPtr tensors(created);

  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict.ptr(), &position, &key, &value)) {
    // Converting may run code of the caller's that changes the dict.
    nb::object held_key = nb::borrow(key), held_value = nb::borrow(value);
    InputName name{input_name(held_key)};
    TensorPtr tensor = tensor_from_python(name, held_value);
    check(carton_tensors_set(tensors.get(), name.name, tensor.get(), &error), error, name.text() + ": ");
  }
  return tensors;
}

}  // namespace carton::python
