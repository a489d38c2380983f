// SPDX-License-Identifier: MIT

/// Any datagram is either refused or says the same when it is written again and read again.

#include <stdint.h>
#include <string.h>

#include "guard_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct guard_report report;
    struct guard_report again;
    char out[GUARD_REPORT_SIZE];
    size_t out_size = 0;

    if (guard_report_decode(data, size, &report) != STATUS_OK) {
        return 0;
    }
    if (guard_report_encode(&report, out, sizeof out, &out_size) != STATUS_OK ||
        guard_report_decode(out, out_size, &again) != STATUS_OK || again.event != report.event ||
        again.verdict != report.verdict || strcmp(again.name, report.name) != 0 ||
        strcmp(again.address, report.address) != 0 || again.at_s != report.at_s ||
        memcmp(again.certificate_sha256, report.certificate_sha256, CRYPTO_SHA256_SIZE) != 0) {
        __builtin_trap();
    }
    return 0;
}
