/* SPDX-License-Identifier: MIT */
/* Reading and writing octets with a sticky error, and the Internet checksum. Pure. */
#include "core/base/buf.h"

#include <string.h>

struct reader reader_of(const void *octets, size_t size)
{
	return (struct reader){.at = octets, .left = size};
}

/* The next size octets, or NULL once the input has run out. */
static const uint8_t *take(struct reader *r, size_t size)
{
	const uint8_t *at = r->at;

	if (r->bad || r->left < size) {
		r->bad = true;
		return NULL;
	}
	r->at += size;
	r->left -= size;
	return at;
}

uint8_t read_u8(struct reader *r)
{
	const uint8_t *at = take(r, 1);

	return at ? at[0] : 0;
}

uint16_t read_be16(struct reader *r)
{
	const uint8_t *at = take(r, 2);

	return at ? (uint16_t)(at[0] << 8 | at[1]) : 0;
}

uint32_t read_be32(struct reader *r)
{
	const uint8_t *at = take(r, 4);

	return at ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
		  : 0;
}

void read_octets(struct reader *r, void *to, size_t size)
{
	const uint8_t *at = take(r, size);

	if (!size)
		return;
	if (at)
		memcpy(to, at, size);
	else
		memset(to, 0, size);
}

void read_skip(struct reader *r, size_t size)
{
	take(r, size);
}

struct writer writer_of(void *room, size_t size)
{
	return (struct writer){.start = room, .size = size};
}

static uint8_t *make_room(struct writer *w, size_t size)
{
	uint8_t *at = w->start + w->used;

	if (w->bad || w->size - w->used < size) {
		w->bad = true;
		return NULL;
	}
	w->used += size;
	return at;
}

void write_u8(struct writer *w, uint8_t value)
{
	write_octets(w, &value, 1);
}

void write_be16(struct writer *w, uint16_t value)
{
	write_octets(w, (uint8_t[]){value >> 8, value & 0xff}, 2);
}

void write_be32(struct writer *w, uint32_t value)
{
	write_octets(w,
		     (uint8_t[]){value >> 24, value >> 16 & 0xff, value >> 8 & 0xff, value & 0xff},
		     4);
}

void write_octets(struct writer *w, const void *from, size_t size)
{
	uint8_t *at = make_room(w, size);

	if (at && size)
		memcpy(at, from, size);
}

uint32_t checksum_add(uint32_t sum, const void *octets, size_t size)
{
	const uint8_t *at = octets;

	for (; size > 1; at += 2, size -= 2)
		sum += (uint32_t)at[0] << 8 | at[1];
	if (size)
		sum += (uint32_t)at[0] << 8;
	return (sum >> 16) + (sum & 0xffff); /* stays far from overflow whatever is added next */
}

uint16_t checksum_finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

bool octets_have_control(const void *octets, size_t size)
{
	const uint8_t *at = octets;

	for (size_t i = 0; i < size; i++) {
		if (at[i] < ' ' || at[i] == 0x7f)
			return true;
		/* U+0080 to U+009F: terminals take U+009B for ESC [. */
		if (at[i] == 0xc2 && i + 1 < size && at[i + 1] < 0xa0)
			return true;
	}
	return false;
}
