# A RISC-V core without floating point, as the ESP32-C3 has, with picolibc, for
# qemu-system-riscv32 -M virt -bios none; output by semihosting.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(OHM_INSTRUCTION_COUNT rv32imc)
set(OHM_STACK_SWITCH rv32imc)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT
  "--specs=picolibc.specs -march=rv32imc -mabi=ilp32 -ffunction-sections -fdata-sections")
set(CMAKE_EXE_LINKER_FLAGS_INIT
  "--oslib=semihost --crt0=semihost -Wl,--defsym=__flash=0x80000000 -Wl,--defsym=__flash_size=0x400000 -Wl,--defsym=__ram=0x80400000 -Wl,--defsym=__ram_size=0x800000 -Wl,--defsym=__stack_size=0x10000")
