#pragma once

/*
 * Fuzz targets: one file fuzz_NAME.c per reader of foreign bytes, one function each.
 *
 * The function is given any bytes at all. It must return 0 and no sanitizer may speak up; what else
 * must hold (a value that is written and read again is the same value) it states with CHECK.
 * libFuzzer calls it with bytes it invents, replay_main.c with the files of the corpus.
 */

#include <stddef.h>
#include <stdint.h>

/* The name libFuzzer looks for. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
