/* The stub's executable as bytes of libcarton; CARTON_STUB_FILE is set by stub.cmake. */
  .section .rodata
  .balign 16
  .globl carton_stub_begin
  .globl carton_stub_end
  .hidden carton_stub_begin
  .hidden carton_stub_end
carton_stub_begin:
  .incbin CARTON_STUB_FILE
carton_stub_end:
  .section .note.GNU-stack,"",%progbits
