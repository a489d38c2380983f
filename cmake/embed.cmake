# Turns a file into a C constant: cmake -D INPUT=… -D OUTPUT=… -D NAME=… -P embed.cmake

file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include \"${NAME}.h\"\n\nconst char ${NAME}[] = {${bytes}};\nconst size_t ${NAME}_size = sizeof ${NAME};\n")
