// SPDX-License-Identifier: MIT
#include "device_attestation.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "self_report.h"

enum { US_PER_S = 1000000 };

/// SHA-256 of the program's own file.
static enum status measure_program(const struct crypto *crypto, uint8_t digest[CRYPTO_SHA256_SIZE])
{
    struct stat file;
    enum status status = STATUS_IO;
    const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &file) == 0 && file.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes != MAP_FAILED) {
            const struct crypto_part part = { bytes, (size_t)file.st_size };
            status = crypto->sha256(crypto->ctx, &part, 1, digest);
            (void)munmap(bytes, (size_t)file.st_size);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

static enum status report_with(void *ctx, enum keystore_slot slot,
                               const uint8_t nonce[ATTESTER_NONCE_SIZE], uint8_t *message,
                               size_t *size)
{
    const struct device_attestation *attestation = ctx;
    const struct device_attestation_parts *parts = &attestation->parts;
    const struct tamper_view tamper = button_task_tamper(parts->button);
    struct attestation facts = attestation->facts;
    int64_t utc_ms = 0;
    uint32_t uncertainty_ms = 0;

    facts.uptime_s = parts->clock->uptime_us(parts->clock->ctx) / US_PER_S;
    if (parts->clock->utc_ms(parts->clock->ctx, &utc_ms, &uncertainty_ms) && utc_ms > 0) {
        facts.time_s = utc_ms / 1000;
    }
    facts.tampered = tamper.latched;
    facts.tamper_count = tamper.count;
    return self_report_sign(&facts, device_provisioning_keystore(parts->provisioning), slot,
                            parts->crypto, nonce, message, size);
}

static enum status report(void *ctx, const uint8_t nonce[ATTESTER_NONCE_SIZE], uint8_t *message,
                          size_t *size)
{
    const struct device_attestation *attestation = ctx;
    enum keystore_slot slot = KEYSTORE_IDENTITY_A;
    return device_provisioning_identity(attestation->parts.provisioning, &slot)
               ? report_with(ctx, slot, nonce, message, size)
               : STATUS_MISSING;
}

enum status device_attestation_open(struct device_attestation *attestation,
                                    const struct device_attestation_parts *parts)
{
    *attestation = (struct device_attestation){
        .parts = *parts,
        .facts = { .boot_count = parts->boot_id,
                   .debug = ATTESTATION_DEBUG_ENABLED,
                   .level = ATTESTATION_SOFTWARE,
                   .hardware = "posix",
                   .software = "ohm-device" },
        .attester = { .report = report, .report_with = report_with, .ctx = attestation },
    };
    struct attestation *facts = &attestation->facts;
    (void)snprintf(facts->keystore, sizeof facts->keystore, "%s",
                   device_provisioning_keystore_kind(parts->provisioning));
    (void)snprintf(facts->version, sizeof facts->version, "%s", parts->version);
    const enum status status =
        parts->entropy->fill(parts->entropy->ctx, facts->boot_seed, sizeof facts->boot_seed);
    return status == STATUS_OK ? measure_program(parts->crypto, facts->image_digest) : status;
}
