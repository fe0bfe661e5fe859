#pragma once

/* Letter print: one dead letter on standard output, for people or for programs. */

#include "cli/letter.h"

/* Headers, size, the message where it can be read, and the bytes as text or in hexadecimal. */
void letter_print(const Letter *letter, Arena *arena);

/* The same as one JSON object; bytes that are no UTF-8 stand in "hex". */
void letter_print_json(const Letter *letter, Arena *arena);

/* The bytes and nothing else. */
void letter_print_raw(const Letter *letter);
