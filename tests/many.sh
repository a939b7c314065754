# shellcheck shell=bash
# For scripts that start Python many times: one that runs them all (tests/many.py).

coproc MANY { exec python3 tests/many.py; }

# tool OUT SCRIPT ARGUMENTS…: as python3 SCRIPT ARGUMENTS… >OUT
tool() {
	local IFS=$'\t' status=1
	echo "$*" >&"${MANY[1]}" && read -r status <&"${MANY[0]}"
	return "${status:-1}"
}
