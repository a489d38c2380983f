// SPDX-License-Identifier: MIT
#include "relay_bank.h"

enum status relay_bank_init(struct relay_bank *bank, const struct relay_bank_port *port,
                            uint32_t dwell_ms, uint64_t now_ms)
{
    *bank = (struct relay_bank){ .port = port, .dwell_ms = dwell_ms };
    return relay_bank_open_all(bank, now_ms);
}

enum status relay_bank_set(struct relay_bank *bank, unsigned relay, bool closed, uint64_t now_ms)
{
    if (relay >= RELAY_BANK_COUNT) {
        return STATUS_INVALID;
    }
    const unsigned bit = 1u << relay;
    const unsigned mask = closed ? bank->outputs | bit : bank->outputs & ~bit;
    return relay_bank_set_all(bank, (uint8_t)mask, now_ms);
}

static bool is_dwelling(const struct relay_bank *bank, unsigned moving, uint64_t now_ms)
{
    for (unsigned relay = 0; relay < RELAY_BANK_COUNT; relay++) {
        if (((moving >> relay) & 1u) != 0 && now_ms - bank->changed_ms[relay] < bank->dwell_ms) {
            return true;
        }
    }
    return false;
}

enum status relay_bank_set_all(struct relay_bank *bank, uint8_t mask, uint64_t now_ms)
{
    const unsigned moving = (unsigned)bank->outputs ^ mask;
    if (moving == 0) {
        return STATUS_OK;
    }
    if (bank->tripped) {
        return STATUS_IO;
    }
    if (is_dwelling(bank, moving, now_ms)) {
        return STATUS_BUSY;
    }

    const enum status status = bank->port->latch(bank->port->ctx, mask);
    if (status != STATUS_OK) {
        return status;
    }
    bank->outputs = mask;
    for (unsigned relay = 0; relay < RELAY_BANK_COUNT; relay++) {
        if (((moving >> relay) & 1u) != 0) {
            bank->changed_ms[relay] = now_ms;
        }
    }
    return STATUS_OK;
}

enum status relay_bank_open_all(struct relay_bank *bank, uint64_t now_ms)
{
    const struct relay_bank_port *port = bank->port;

    bank->outputs = 0;
    for (unsigned relay = 0; relay < RELAY_BANK_COUNT; relay++) {
        bank->changed_ms[relay] = now_ms;
    }

    // The register powers up with random outputs and may have lost its bus, so cut the drivers
    // first and hand them back only once the register is known to hold zeros.
    port->enable(port->ctx, false);
    const enum status status = port->latch(port->ctx, 0);
    bank->tripped = (status != STATUS_OK);
    port->enable(port->ctx, !bank->tripped);
    return status;
}

bool relay_bank_is_closed(const struct relay_bank *bank, unsigned relay)
{
    return relay < RELAY_BANK_COUNT && ((bank->outputs >> relay) & 1u) != 0;
}

uint8_t relay_bank_mask(const struct relay_bank *bank)
{
    return bank->outputs;
}

bool relay_bank_is_tripped(const struct relay_bank *bank)
{
    return bank->tripped;
}
