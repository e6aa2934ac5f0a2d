/* carton.h - load a .carton file and run it. This header is the specification of libcarton.
 *
 * A *carton* is a file (or directory) that holds a model of any ML framework. A *model* is a loaded
 * carton: one isolated *runner* process that executes it. A *tensor* is dtype, shape and data.
 *
 * Conventions, everywhere:
 *  - Every function that can fail returns CARTON_OK (0) or a code below. The last argument, `error`,
 *    may be NULL; otherwise `*error` is written on every path: NULL on success, else an object the
 *    caller frees with carton_error_free. On failure `*out` is NULL (or 0).
 *  - Strings are UTF-8. `const char*` results are borrowed: they live as long as the object they were
 *    read from. Nothing that this library returns is freed with free().
 *  - carton_<noun>_free accepts NULL and may be called from any thread.
 *  - Handles may be used from any thread. Model and info handles may be used from many threads at
 *    once; tensors, tensor maps and calls by one thread at a time (reading by many is fine).
 *  - A handle used in a forked child fails with CARTON_FORKED; the parent is not affected.
 *  - Only int32_t, int64_t, uint64_t, double and pointers appear in signatures. Option structs begin
 *    with their size, are set up by their _init function, and only grow at the end.
 *  - The library installs no signal handlers, changes no locale, and prints nothing.
 */
#ifndef CARTON_H
#define CARTON_H

#include <stdint.h>

#if defined(__GNUC__)
#define CARTON_API __attribute__((visibility("default")))
#else
#define CARTON_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Codes, one list for every language ------------------------------------------------------ */

typedef enum carton_code {
  CARTON_OK = 0,
  CARTON_FORMAT = 1,           /* malformed, or against the specification */
  CARTON_UNSUPPORTED = 2,      /* well-formed, but a feature or version this library does not read */
  CARTON_LIMIT = 3,            /* a limit was met; the message names it and its value */
  CARTON_INTEGRITY = 4,        /* bytes are not the ones that were promised */
  CARTON_POLICY = 5,           /* allowed by the format, refused by the rules in force */
  CARTON_NETWORK = 6,          /* a transfer failed, or the server misbehaved */
  CARTON_IO = 7,               /* the operating system refused a read, write or open */
  CARTON_NO_SPACE = 8,         /* disk, quota or inodes used up */
  CARTON_NO_RUNNER = 9,        /* no installed runner meets the requirement */
  CARTON_RUNNER_START = 10,    /* the runner could not be started */
  CARTON_INVALID = 11,         /* a wrong argument, option or metadata value given by the caller */
  CARTON_RUNNER_CRASHED = 12,  /* the runner ended; message: exit code or signal, log: its stderr tail */
  CARTON_RUNNER_TIMEOUT = 13,  /* a deadline passed; the message says whether the runner was ended */
  CARTON_RUNNER_PROTOCOL = 14, /* the runner sent something illegal and was killed */
  CARTON_MODEL_ERROR = 15,     /* the model's own code failed; the runner lives on */
  CARTON_INPUT = 16,           /* the caller's tensors do not fit the model's specs */
  CARTON_CANCELLED = 17,       /* the caller cancelled */
  CARTON_NO_MEMORY = 18,       /* an allocation or mapping failed */
  CARTON_FORKED = 19,          /* handle used in a forked child */
  CARTON_CLOSED = 20,          /* handle used after close */
  CARTON_INTERNAL = 21         /* a defect of Carton; please report it */
} carton_code;

/* "FORMAT", "NO_RUNNER", ...; "UNKNOWN" for a number outside the list. Static string. */
CARTON_API const char* carton_code_name(int32_t code);

typedef struct carton_error carton_error;

CARTON_API int32_t carton_error_code(const carton_error* error);
CARTON_API const char* carton_error_message(const carton_error* error); /* expected, got, where */
CARTON_API const char* carton_error_hint(const carton_error* error);    /* what to do next, or "" */
CARTON_API const char* carton_error_log(const carton_error* error);     /* last stderr of the runner, or "" */
CARTON_API void carton_error_free(carton_error* error);

/* ---- Library --------------------------------------------------------------------------------- */

#define CARTON_ABI_VERSION 1

/* The ABI this library implements; compare with CARTON_ABI_VERSION when loading it by hand. */
CARTON_API int32_t carton_abi_version(void);
CARTON_API const char* carton_version(void);
/* Number of live handles of every kind (errors included); 0 again when everything was freed. */
CARTON_API int64_t carton_live_objects(void);

/* ---- Tensors --------------------------------------------------------------------------------- */

/* 0..11 are numbered as in existing Carton. */
typedef enum carton_dtype {
  CARTON_FLOAT32 = 0,
  CARTON_FLOAT64 = 1,
  CARTON_STRING = 2, /* UTF-8, any length, NUL allowed inside */
  CARTON_INT8 = 3,
  CARTON_INT16 = 4,
  CARTON_INT32 = 5,
  CARTON_INT64 = 6,
  CARTON_UINT8 = 7,
  CARTON_UINT16 = 8,
  CARTON_UINT32 = 9,
  CARTON_UINT64 = 10,
  CARTON_NESTED = 11, /* a list of tensors; reserved */
  CARTON_BOOL = 12,   /* 1 byte, 0 or 1 */
  CARTON_FLOAT16 = 13,
  CARTON_BFLOAT16 = 14
} carton_dtype;

/* "float32", "string", "bfloat16", ...; NULL for a number outside the list. Static string. */
CARTON_API const char* carton_dtype_name(int32_t dtype);
/* Bytes per element; 0 for strings, nested tensors and unknown numbers. */
CARTON_API uint64_t carton_dtype_size(int32_t dtype);

typedef struct carton_tensor carton_tensor; /* immutable dtype and shape; row-major, contiguous */

/* Called once, when the library no longer needs the data of a view; maybe on a library thread. */
typedef void (*carton_release_fn)(void* user_data);

/* A new tensor of unset memory; fill it through carton_tensor_data. `shape` has `rank` (0..32)
 * dimensions, each >= 0; it may be NULL when rank is 0. Not for strings. */
CARTON_API int32_t carton_tensor_create(int32_t dtype, const int64_t* shape, int32_t rank,
                                        carton_tensor** out, carton_error** error);
/* A tensor that uses the caller's memory, without a copy. `strides` counts elements, and may be NULL
 * for row-major; negative strides are allowed. A tensor that is not row-major is copied here, and
 * `release` is then called before this returns. `release` may be NULL: then the memory must outlive
 * the tensor and every call it is given to. On failure `release` is not called. */
CARTON_API int32_t carton_tensor_view(int32_t dtype, const int64_t* shape, const int64_t* strides,
                                      int32_t rank, const void* data, carton_release_fn release,
                                      void* user_data, carton_tensor** out, carton_error** error);
/* A string tensor: `strings[i]` has `lengths[i]` bytes of UTF-8 (lengths NULL: NUL-terminated).
 * One string per element, row-major. Everything is copied. */
CARTON_API int32_t carton_tensor_strings(const int64_t* shape, int32_t rank, const char* const* strings,
                                         const uint64_t* lengths, carton_tensor** out, carton_error** error);

CARTON_API int32_t carton_tensor_dtype(const carton_tensor* tensor);        /* -1 for NULL */
CARTON_API int32_t carton_tensor_rank(const carton_tensor* tensor);         /* -1 for NULL */
CARTON_API const int64_t* carton_tensor_shape(const carton_tensor* tensor); /* `rank` entries */
CARTON_API uint64_t carton_tensor_count(const carton_tensor* tensor);       /* elements */
CARTON_API uint64_t carton_tensor_nbytes(const carton_tensor* tensor);      /* 0 for strings */
/* Row-major elements, NULL for strings. Data of a model's output stays valid after the model is
 * closed or its runner died, until the tensor is freed; it may be written to. */
CARTON_API void* carton_tensor_data(const carton_tensor* tensor);
/* String `index` (row-major); `*text` is borrowed, NUL-terminated, of `*length` bytes without it. */
CARTON_API int32_t carton_tensor_string(const carton_tensor* tensor, uint64_t index, const char** text,
                                        uint64_t* length, carton_error** error);
/* Another reference to the same tensor, to be freed on its own. NULL for NULL. */
CARTON_API carton_tensor* carton_tensor_retain(carton_tensor* tensor);
CARTON_API void carton_tensor_free(carton_tensor* tensor);

/* Named tensors, in insertion order. */
typedef struct carton_tensors carton_tensors;

CARTON_API int32_t carton_tensors_create(carton_tensors** out, carton_error** error);
/* Adds or replaces; takes its own reference, the caller still frees `tensor`. */
CARTON_API int32_t carton_tensors_set(carton_tensors* map, const char* name, carton_tensor* tensor,
                                      carton_error** error);
CARTON_API uint64_t carton_tensors_count(const carton_tensors* map);
CARTON_API const char* carton_tensors_name(const carton_tensors* map, uint64_t index); /* NULL: no such */
/* Borrowed; NULL when there is none. Use carton_tensor_retain to keep it beyond the map. */
CARTON_API carton_tensor* carton_tensors_at(const carton_tensors* map, uint64_t index);
CARTON_API carton_tensor* carton_tensors_get(const carton_tensors* map, const char* name);
CARTON_API void carton_tensors_free(carton_tensors* map);

/* ---- Metadata: what a carton says of itself, with no runner --------------------------------- */

typedef struct carton_info carton_info;

/* Opens a file or directory, validates its index, and reads carton.toml, MANIFEST and LINKS; model
 * files are not read. The info keeps the file open for the lazy reads below. */
CARTON_API int32_t carton_info_open(const char* location, carton_info** out, carton_error** error);
/* Everything as one JSON object; its keys are described in spec/c-abi.md. */
CARTON_API const char* carton_info_json(const carton_info* info);
CARTON_API const char* carton_info_manifest_sha256(const carton_info* info); /* identifies the model */
/* The tensor that a self test or example names, checked against MANIFEST. */
CARTON_API int32_t carton_info_tensor(const carton_info* info, const char* name, carton_tensor** out,
                                      carton_error** error);
/* Reads up to `capacity` bytes of the file `path` (as in MANIFEST) from `offset` of its uncompressed
 * content; `*length` is what was read, 0 at the end. The file's hash is checked at the first read. */
CARTON_API int32_t carton_info_read(const carton_info* info, const char* path, uint64_t offset, void* buffer,
                                    uint64_t capacity, uint64_t* length, carton_error** error);
/* Hashes every file against MANIFEST. `*report` is JSON: {"files": [{"path", "expected", "actual"}],
 * "ok": bool}, listing all files; freed with carton_string_free. A mismatch is reported, not an error. */
CARTON_API int32_t carton_info_verify(const carton_info* info, char** report, carton_error** error);
CARTON_API void carton_info_free(carton_info* info);

CARTON_API void carton_string_free(char* text);

/* The runners installed under the configured directory, as JSON:
 * {"runner_dir": path, "runners": [...], "skipped": [{"path", "reason"}]}. */
CARTON_API int32_t carton_runners_json(char** out, carton_error** error);

/* ---- Models ---------------------------------------------------------------------------------- */

typedef struct carton_model carton_model;

typedef enum carton_log_level {
  CARTON_LOG_TRACE = 0,
  CARTON_LOG_DEBUG = 1,
  CARTON_LOG_INFO = 2,
  CARTON_LOG_WARNING = 3,
  CARTON_LOG_ERROR = 4
} carton_log_level;

/* `source` is "stdout", "stderr", "runner", or "carton" for Carton's own warnings. Called on a library
 * thread, and by carton_load on the caller's; one call at a time per model, no lock held; must not block
 * for long, and must not wait for the model (closing it here fails with CARTON_INVALID). Never called
 * after carton_model_free has returned. */
typedef void (*carton_log_fn)(void* user_data, int32_t level, const char* source, const char* message);

typedef enum carton_verify {
  CARTON_VERIFY_ONCE = 0,   /* hash model files unless this very file was verified before */
  CARTON_VERIFY_ALWAYS = 1, /* hash at every load */
  CARTON_VERIFY_NEVER = 2   /* trust the file */
} carton_verify;

typedef struct carton_load_options {
  uint64_t size; /* sizeof(carton_load_options), set by _init */
  /* NULL: GPU 0 if there is one, else the CPU. "cpu", an index such as "1", or a UUID "GPU-...". */
  const char* visible_device;
  const char* override_runner_name;                /* NULL: the carton's */
  const char* override_required_framework_version; /* a semver requirement; NULL: the carton's */
  const char* override_runner_opts; /* JSON object laid over the carton's options, e.g. {"num_threads": 2} */
  int32_t verify;                   /* carton_verify */
  int32_t log_level;                /* least level that reaches `log`; CARTON_LOG_INFO */
  int64_t timeout_ms;               /* of the whole load; 300,000; -1: none */
  int64_t kill_after_ms;    /* a call given up on that still runs this long after ends the runner; 30,000;
                               -1: never */
  uint64_t region_capacity; /* shared memory per direction, sparse, bytes; 4 GiB */
  uint64_t memory;          /* cap on the runner's data memory in bytes; 0: none */
  carton_log_fn log;        /* NULL: logs are dropped */
  void* log_user_data;
} carton_load_options;

CARTON_API void carton_load_options_init(carton_load_options* options);

/* Loads a carton from a file or directory: verifies it, starts its runner, and waits until the model
 * is ready. `options` may be NULL. Blocks, at most for the options' timeout. */
CARTON_API int32_t carton_load(const char* location, const carton_load_options* options, carton_model** out,
                               carton_error** error);
/* The carton's info; a new reference, freed by the caller, usable after the model is gone. */
CARTON_API int32_t carton_model_info(const carton_model* model, carton_info** out, carton_error** error);
/* The runner's process id, 0 when it has ended. */
CARTON_API int64_t carton_model_runner_pid(const carton_model* model);
/* JSON: name, framework_version, runner_path of the runner that serves this model. Borrowed. */
CARTON_API const char* carton_model_runner_json(const carton_model* model);

typedef struct carton_infer_options {
  uint64_t size;      /* sizeof(carton_infer_options), set by _init */
  int64_t timeout_ms; /* RUNNER_TIMEOUT after this long; -1: none (default) */
} carton_infer_options;

CARTON_API void carton_infer_options_init(carton_infer_options* options);

/* Runs the model once and waits. `inputs` is only read, and may be reused. `options` may be NULL.
 * After a deadline the call returns at once; the runner finishes the abandoned work by itself, or is
 * ended when that takes longer than kill_after_ms. */
CARTON_API int32_t carton_model_infer(carton_model* model, const carton_tensors* inputs,
                                      const carton_infer_options* options, carton_tensors** outputs,
                                      carton_error** error);

/* Ends the runner and fails calls in flight with CARTON_CLOSED; later calls fail so too. Idempotent;
 * outputs stay valid. Blocks until the process is gone, at most a few seconds. */
CARTON_API int32_t carton_model_close(carton_model* model, carton_error** error);
CARTON_API void carton_model_free(carton_model* model); /* closes first */

/* ---- Calls: an inference that was started, to be waited for ---------------------------------- */

typedef struct carton_call carton_call;

/* Starts an inference and returns. The call keeps its own references to the model's runner and the
 * inputs. Any number may be in flight; beyond the slots of the transport they queue in the host. */
CARTON_API int32_t carton_model_start(carton_model* model, const carton_tensors* inputs,
                                      const carton_infer_options* options, carton_call** out,
                                      carton_error** error);
/* Waits up to `timeout_ms` (0: poll, -1: for ever; spins briefly before sleeping). `*done` is 1 when
 * the call has ended, in whatever way. Passing the wait's own timeout is not an error. */
CARTON_API int32_t carton_call_wait(carton_call* call, int64_t timeout_ms, int32_t* done,
                                    carton_error** error);
/* The outcome of a call that has ended; its outputs can be taken once. INVALID while it runs. */
CARTON_API int32_t carton_call_take(carton_call* call, carton_tensors** outputs, carton_error** error);
/* Gives the call up: it ends with CARTON_CANCELLED at once; other calls are not touched. Any thread, also
 * while another one waits. */
CARTON_API int32_t carton_call_cancel(carton_call* call, carton_error** error);
CARTON_API void carton_call_free(carton_call* call); /* cancels a call that still runs */

#ifdef __cplusplus
}
#endif

#endif /* CARTON_H */
