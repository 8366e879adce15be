/* SPDX-License-Identifier: MIT */
/*
 * Cursors over octets. External bytes are read through struct reader only: the first read past the
 * end makes it bad for good and every later read returns zero, so a decoder checks once, at its
 * end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

struct writer {
	uint8_t *start;
	size_t size, used;
	bool bad; /* it did not fit */
};

struct reader reader_of(const void *octets, size_t size);
uint8_t read_u8(struct reader *r);
uint16_t read_be16(struct reader *r);
uint32_t read_be32(struct reader *r);
/* Copies size octets, zeros when there are not so many. */
void read_octets(struct reader *r, void *to, size_t size);
void read_skip(struct reader *r, size_t size);

struct writer writer_of(void *room, size_t size);
void write_u8(struct writer *w, uint8_t value);
void write_be16(struct writer *w, uint16_t value);
void write_be32(struct writer *w, uint32_t value);
void write_octets(struct writer *w, const void *from, size_t size);

/* Ones' complement sum of RFC 1071 over size octets, added to sum; fold with checksum_finish(). */
uint32_t checksum_add(uint32_t sum, const void *octets, size_t size);
uint16_t checksum_finish(uint32_t sum);

/* True when UTF-8 text holds a control character (C0, DEL, C1): it would reach logs and terminals.
 */
bool octets_have_control(const void *octets, size_t size);
