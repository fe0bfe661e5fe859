#pragma once

/*
 * Input: a whole file in memory, or the standard input for "-". Complaints go to the standard
 * error, with the file's name and the reason.
 */

#include <stdbool.h>

#include "common/base/buf.h"

/* A larger file is no input of any command. */
#define INPUT_BYTES_MAX (64u << 20)

/* False when it cannot be read; then the reason was told, and buf may hold a part. */
bool input_read(const char *path, Buf *buf);
