// SPDX-License-Identifier: MIT
#include "captive_dns.h"

#include <stdbool.h>
#include <string.h>

#include "bytes.h"

enum {
    HEAD_SIZE = 12,
    LABEL_LIMIT = 63,
    NAME_LIMIT = 255,
    TYPE_A = 1,
    TYPE_ANY = 255,
    CLASS_IN = 1,
    CLASS_ANY = 255,
    ANSWER_SIZE = 16, ///< Name as a pointer, type, class, life, size and the address.
    NAME_POINTER = 0xC000,
};

/// RFC 1035 section 4.1.1.
enum {
    AT_FLAGS = 2,
    AT_QUESTIONS = 4,
    AT_ANSWERS = 6,
    FLAG_REPLY = 0x8000,
    FLAGS_OPCODE = 0x7800,
    FLAG_AUTHORITATIVE = 0x0400,
    FLAG_RECURSION_DESIRED = 0x0100,
    FLAG_RECURSION_AVAILABLE = 0x0080,
    NO_ERROR = 0,
    FORMAT_ERROR = 1,
    NOT_IMPLEMENTED = 4,
};

struct question {
    size_t end; ///< Behind it.
    uint16_t type;
    uint16_t class;
};

/// Reads the question behind the head. A pointer has nothing to point at there, so it is an error.
static bool read_question(const uint8_t *query, size_t size, struct question *question)
{
    size_t at = HEAD_SIZE;
    while (at < size && query[at] != 0) {
        if (query[at] > LABEL_LIMIT) {
            return false;
        }
        at += 1u + query[at];
    }
    // The name's final byte, the type and the class follow.
    if (at >= size || at + 1 - HEAD_SIZE > NAME_LIMIT || size - at < 5) {
        return false;
    }
    question->type = bytes_load_be16(query + at + 1);
    question->class = bytes_load_be16(query + at + 3);
    question->end = at + 5;
    return true;
}

static size_t write_head(const uint8_t *query, uint16_t error, uint8_t *reply)
{
    const uint16_t flags = bytes_load_be16(query + AT_FLAGS);
    const uint16_t kept = flags & (FLAGS_OPCODE | FLAG_RECURSION_DESIRED);
    memset(reply, 0, HEAD_SIZE);
    memcpy(reply, query, AT_FLAGS);
    bytes_store_be16(reply + AT_FLAGS, (uint16_t)(kept | FLAG_REPLY | FLAG_AUTHORITATIVE |
                                                  FLAG_RECURSION_AVAILABLE | error));
    return HEAD_SIZE;
}

static size_t write_address(const uint8_t address[4], uint8_t *out)
{
    bytes_store_be16(out, NAME_POINTER | HEAD_SIZE);
    bytes_store_be16(out + 2, TYPE_A);
    bytes_store_be16(out + 4, CLASS_IN);
    bytes_store_be32(out + 6, CAPTIVE_DNS_LIFE_S);
    bytes_store_be16(out + 10, 4);
    memcpy(out + 12, address, 4);
    return ANSWER_SIZE;
}

enum status captive_dns_answer(const uint8_t *query, size_t size, const uint8_t address[4],
                               uint8_t reply[CAPTIVE_DNS_SIZE_LIMIT], size_t *reply_size)
{
    struct question question;

    if (size < HEAD_SIZE || size > CAPTIVE_DNS_SIZE_LIMIT ||
        (bytes_load_be16(query + AT_FLAGS) & FLAG_REPLY) != 0) {
        return STATUS_CORRUPT;
    }
    if ((bytes_load_be16(query + AT_FLAGS) & FLAGS_OPCODE) != 0) {
        *reply_size = write_head(query, NOT_IMPLEMENTED, reply);
        return STATUS_OK;
    }
    if (bytes_load_be16(query + AT_QUESTIONS) != 1 || !read_question(query, size, &question)) {
        *reply_size = write_head(query, FORMAT_ERROR, reply);
        return STATUS_OK;
    }
    (void)write_head(query, NO_ERROR, reply);
    bytes_store_be16(reply + AT_QUESTIONS, 1);
    memcpy(reply + HEAD_SIZE, query + HEAD_SIZE, question.end - HEAD_SIZE);
    *reply_size = question.end;
    if ((question.type == TYPE_A || question.type == TYPE_ANY) &&
        (question.class == CLASS_IN || question.class == CLASS_ANY)) {
        bytes_store_be16(reply + AT_ANSWERS, 1);
        *reply_size += write_address(address, reply + question.end);
    }
    return STATUS_OK;
}
