// SPDX-License-Identifier: MIT
#include "ads131m08_frame.h"

enum { CRC_POLYNOMIAL = 0x1021, CRC_SEED = 0xffff };

uint16_t ads131m08_crc(const uint8_t *data, size_t size)
{
    unsigned crc = CRC_SEED;
    for (size_t n = 0; n < size; n++) {
        crc ^= (unsigned)data[n] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ CRC_POLYNOMIAL : crc << 1;
            crc &= 0xffffu;
        }
    }
    return (uint16_t)crc;
}

static void put_word(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    out[2] = 0;
}

void ads131m08_frame_encode(uint16_t command, const uint16_t *data, size_t count,
                            uint8_t out[ADS131M08_FRAME_SIZE])
{
    put_word(out, command);
    for (size_t word = 1; word < ADS131M08_FRAME_WORDS; word++) {
        put_word(out + word * ADS131M08_WORD_SIZE, word <= count ? data[word - 1] : 0);
    }
}

static int32_t code_of(const uint8_t *word)
{
    const int32_t bits = (int32_t)((uint32_t)word[0] << 16 | (uint32_t)word[1] << 8 | word[2]);
    return bits > ADS131M08_CODE_MAX ? bits - (INT32_C(1) << 24) : bits;
}

enum status ads131m08_frame_decode(const uint8_t in[ADS131M08_FRAME_SIZE],
                                   struct ads131m08_frame *frame)
{
    const size_t covered = ADS131M08_FRAME_SIZE - ADS131M08_WORD_SIZE;
    const unsigned crc = (unsigned)in[covered] << 8 | in[covered + 1];
    if (crc != ads131m08_crc(in, covered)) {
        return STATUS_CORRUPT;
    }
    frame->answer = (uint16_t)((unsigned)in[0] << 8 | in[1]);
    for (size_t channel = 0; channel < ADS131M08_CHANNELS; channel++) {
        frame->code[channel] = code_of(in + (channel + 1) * ADS131M08_WORD_SIZE);
    }
    return STATUS_OK;
}
