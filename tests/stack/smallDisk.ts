import { execa } from "execa";

/** A shell's functions, with which a command can run out of room. */
const FUNCTIONS = `
disk=$1
room() { mount -o remount,size=$1k tmpfs "$disk"; }
room_left() { room $(($(df -k --output=used "$disk" | tail -1) + $1)); }
run() { npm run --silent "$@"; echo "exit $?"; }
`;

/**
 * Runs a shell's commands where a file system of its own, in memory, takes the place of a folder, whose
 * content is copied into it and back. Nobody else sees that it is mounted, and it ends with the commands.
 *
 * @param script may call `room KB`, `room_left KB` (beside what is there) and `run NPM_SCRIPT`, which prints how it ended
 * @param cwd where the commands run
 * @returns what was printed
 */
export async function onSmallDisk(disk: string, script: string, cwd: string): Promise<string> {
  const isRoot = process.getuid?.() === 0;
  const mounted = `${FUNCTIONS}
set -e
mkdir -p "$disk"
copy=$(mktemp -d)
cp -a "$disk/." "$copy"
mount -t tmpfs -o size=64m tmpfs "$disk"
cp -a "$copy/." "$disk"
set +e
${script}
set -e
room 65536
rm -r "$copy"
cp -a "$disk" "$copy"
umount "$disk"
rm -r "$disk"
mv "$copy" "$disk"`;
  const namespaces = ["--mount", ...(isRoot ? [] : ["--map-root-user"])];
  const { all } = await execa("unshare", [...namespaces, "sh", "-c", mounted, "sh", disk], {
    cwd,
    all: true,
    env: { NO_COLOR: "1" },
  });
  return all;
}
