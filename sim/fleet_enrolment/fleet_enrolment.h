// SPDX-License-Identifier: MIT
#pragma once

/// Gets certificates for many simulated devices as one real device gets its own: a key of its own,
/// a request, a token, a connection of its own that trusts one authority; and the confirmation with
/// the new certificate. What the server puts off is asked again, as a device would.

#include <signal.h>
#include <stdint.h>

#include "entropy.h"
#include "fleet_roll.h"
#include "status.h"

struct fleet_enrolment_options {
    const char *server; ///< Such as "https://localhost:8445": ohmd's listener for devices.
    const char *ca;     ///< A PEM file.
    unsigned at_once;   ///< Connections that are open together.
    const struct entropy *entropy;
    const volatile sig_atomic_t *stop; ///< Not zero: give up.
};

struct fleet_enrolment_figures {
    uint64_t elapsed_us;
    unsigned put_off; ///< Answers that asked to try later, and connections that failed.
};

/// Makes every member's key and gets its certificate; its token is wiped.
///
/// Here and below: @return STATUS_INVALID  the server denied one of them, and standard error says
/// whom and why;  STATUS_IO  no answer in a minute for one of them, or it was stopped.
MUST_CHECK enum status fleet_enrol(const struct fleet_enrolment_options *options,
                                   struct fleet_roll *roll,
                                   struct fleet_enrolment_figures *figures);

/// Has every member confirm its certificate, each over a connection that shows it.
MUST_CHECK enum status fleet_confirm(const struct fleet_enrolment_options *options,
                                     struct fleet_roll *roll,
                                     struct fleet_enrolment_figures *figures);
