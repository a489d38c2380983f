// SPDX-License-Identifier: MIT
#pragma once

/// How many instructions this guest has executed, under QEMU with -icount shift=0, where virtual
/// time is one nanosecond an instruction. On a machine that is no guest it stands still.

#include <stdint.h>

/// Starts counting.
void instruction_count_start(void);

/// Counts up and wraps; only differences mean something. Steps are 40 on the Cortex-M4F (SysTick
/// of 25 MHz), 1 on rv32imc.
uint32_t instruction_count(void);
