// SPDX-License-Identifier: MIT
#include <string.h>

#include "fleet_fake.h"

enum { BUFFER = 512 };

struct piece {
    uint8_t bytes[BUFFER];
    size_t size;
};

static void put(struct piece *piece, const void *bytes, size_t size)
{
    memcpy(piece->bytes + piece->size, bytes, size);
    piece->size += size;
}

static void wrap(struct piece *out, uint8_t tag, const struct piece *content)
{
    const uint8_t head[] = { tag, 0x82, (uint8_t)(content->size >> 8), (uint8_t)content->size };
    const uint8_t middle[] = { tag, 0x81, (uint8_t)content->size };
    const uint8_t small[] = { tag, (uint8_t)content->size };

    if (content->size >= 256) {
        put(out, head, sizeof head);
    } else if (content->size >= 128) {
        put(out, middle, sizeof middle);
    } else {
        put(out, small, sizeof small);
    }
    put(out, content->bytes, content->size);
}

/// GeneralizedTime, which RFC 5280 wants from 2050 on and our reader takes for any year.
static void put_time(struct piece *out, int64_t time_s)
{
    struct piece text = { .size = 15 };
    int64_t days = time_s / FLEET_FAKE_DAY_S;
    const int64_t second = time_s % FLEET_FAKE_DAY_S;
    int64_t part[6] = { 1970, 1, 1, second / 3600, second / 60 % 60, second % 60 };
    static const uint8_t WIDTHS[] = { 4, 2, 2, 2, 2, 2 };
    static const uint8_t DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    // Counted day by day: slow, and obviously right.
    for (; days > 0; days--) {
        const bool leap = (part[0] % 4 == 0 && part[0] % 100 != 0) || part[0] % 400 == 0;
        const int64_t last = DAYS[part[1] - 1] + (leap && part[1] == 2 ? 1 : 0);
        part[2]++;
        if (part[2] > last) {
            part[2] = 1;
            part[1]++;
        }
        if (part[1] > 12) {
            part[1] = 1;
            part[0]++;
        }
    }
    size_t at = 0;
    for (unsigned i = 0; i < 6; i++) {
        int64_t value = part[i];
        for (unsigned digit = WIDTHS[i]; digit > 0; digit--) {
            text.bytes[at + digit - 1] = (uint8_t)('0' + value % 10);
            value /= 10;
        }
        at += WIDTHS[i];
    }
    text.bytes[14] = 'Z';
    wrap(out, 0x18, &text);
}

static void put_name(struct piece *out, const char *name)
{
    static const uint8_t OID[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };
    struct piece text = { .size = 0 };
    struct piece attribute = { .size = 0 };
    struct piece sequence = { .size = 0 };
    struct piece set = { .size = 0 };

    put(&text, name, strlen(name));
    put(&attribute, OID, sizeof OID);
    wrap(&attribute, 0x0C, &text);
    wrap(&sequence, 0x30, &attribute);
    wrap(&set, 0x31, &sequence);
    wrap(out, 0x30, &set);
}

static void put_key(struct piece *out, const uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    static const uint8_t ALGORITHM[] = { 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                         0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
                                         0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
    struct piece bits = { .size = 1 };
    struct piece info = { .size = 0 };

    put(&bits, public_key, KEYSTORE_PUBLIC_SIZE);
    put(&info, ALGORITHM, sizeof ALGORITHM);
    wrap(&info, 0x03, &bits);
    wrap(out, 0x30, &info);
}

size_t fake_certificate_write(const char *name, const uint8_t public_key[KEYSTORE_PUBLIC_SIZE],
                              int64_t from_s, int64_t until_s, uint8_t *der)
{
    static const uint8_t ISSUED[] = { 0x02, 0x01, 0x01, 0x30, 0x00 }; // Serial, algorithm.
    static const uint8_t SIGNED[] = { 0x30, 0x00, 0x03, 0x01, 0x00 }; // Algorithm, signature.
    struct piece validity = { .size = 0 };
    struct piece body = { .size = 0 };
    struct piece inner = { .size = 0 };
    struct piece whole = { .size = 0 };

    put(&body, ISSUED, sizeof ISSUED);
    put_name(&body, "fleet");
    put_time(&validity, from_s);
    put_time(&validity, until_s);
    wrap(&body, 0x30, &validity);
    put_name(&body, name);
    put_key(&body, public_key);
    wrap(&inner, 0x30, &body);
    put(&inner, SIGNED, sizeof SIGNED);
    wrap(&whole, 0x30, &inner);
    memcpy(der, whole.bytes, whole.size);
    return whole.size;
}
