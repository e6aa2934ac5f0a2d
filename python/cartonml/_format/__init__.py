"""The writer of the carton file format; the reader is native (`libcarton`)."""
