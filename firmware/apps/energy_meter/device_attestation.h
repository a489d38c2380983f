// SPDX-License-Identifier: MIT
#pragma once

/// What this meter says of itself when it is asked, signed with the key of its certificate.
///
/// On Linux the level is always "software": this program cannot know who started it.

#include "attestation.h"
#include "attester.h"
#include "button_task.h"
#include "clock.h"
#include "crypto.h"
#include "device_provisioning.h"
#include "entropy.h"
#include "status.h"

/// What it works with. All of it outlives it.
struct device_attestation_parts {
    const struct device_provisioning *provisioning;
    const struct button_task *button;
    const struct crypto *crypto;
    const struct clock *clock;
    const struct entropy *entropy;
    const char *version;
    uint32_t boot_id;
};

struct device_attestation {
    struct device_attestation_parts parts;
    struct attestation facts; ///< What does not change while it runs.
    struct attester attester; ///< The seam; communication's thread only.
};

/// Takes the measure of the running program. @return STATUS_IO  no randomness, or no such file.
MUST_CHECK enum status device_attestation_open(struct device_attestation *attestation,
                                               const struct device_attestation_parts *parts);
