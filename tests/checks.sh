# shellcheck shell=bash
# Sourced by the tiers that are scripts: checks that tests/run counts, and conditions that are waited for.

failed_checks=0

check() { # check NAME COMMAND...: one check; what it prints is shown where it fails
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "check ok: $name"
  else
    printf '%s\n' "$said" | sed 's/^/    /'
    echo "check FAILED: $name"
    failed_checks=$((failed_checks + 1))
    return 1
  fi
}

all_passed() { [ "$failed_checks" -eq 0 ]; }

eventually() { # eventually SECONDS COMMAND...: tries until it succeeds; shows the last try where it never does
  local deadline=$((SECONDS + $1)) said
  shift
  until said=$("$@" 2>&1); do
    if [ $SECONDS -ge $deadline ]; then
      echo "not in time: $*"
      echo "$said"
      return 1
    fi
    sleep 0.2
  done
  if [ -n "$said" ]; then echo "$said"; fi
}

equal() { # equal EXPECTED ACTUAL
  [ "$1" = "$2" ] || { printf 'expected %q, got %q\n' "$1" "$2"; return 1; }
}

contains() { # contains TEXT PART
  [[ $1 == *"$2"* ]] || { printf 'there is no %q in %q\n' "$2" "$1"; return 1; }
}
