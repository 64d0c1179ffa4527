# One step of .ci/run: its name, its time, and an end when it takes twice as long as it usually does.

# step NAME LIMIT COMMAND [ARGUMENT...]: run a program or an exported function, LIMIT seconds at the most.
step() {
    local name=$1 limit=$2 began=$SECONDS status=0
    shift 2
    printf '\n== %s\n' "$name"
    # A function needs a shell of its own: `timeout` starts programs alone. It ends all that the step started.
    timeout -k 30 "$limit" bash -euo pipefail -c '"$@"' "$name" "$@" </dev/null || status=$?
    # 137 is a step that did not end when it was told to and was killed.
    if [[ $status -eq 124 || $status -eq 137 ]]; then
        printf '== %s: FAILED, it was ended at its time limit of %s s\n' "$name" "$limit"
    elif [[ $status -ne 0 ]]; then
        printf '== %s: FAILED with exit status %d after %d s\n' "$name" "$status" $((SECONDS - began))
    else
        printf '== %s: %d s\n' "$name" $((SECONDS - began))
    fi
    return "$status"
}
