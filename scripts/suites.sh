# suites.sh: packages of other Debian suites, fetched and unpacked into folders of their own.  To be
# sourced; `me` (for messages) and `dir` (an absolute path) are set before.  Nothing is installed.
#
# apt itself does the fetching, with folders of its own under $dir/apt: it verifies each suite's
# signed Release against Debian's keyring and every package against that.  The mirror is the one
# this machine's apt is set up with.  `arch`, if set before, is the architecture of the packages.  What is there already is kept ($dir/NAME/.packages lists it).

export LC_ALL=C
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }

# The archive that this machine's apt has of Debian (its Release says Debian/Debian).
suites_begin() {
	for tool in apt-get dpkg-deb gpgv tar; do
		command -v $tool >/dev/null 2>&1 || die "$tool: not installed"
	done
	[ -r $keyring ] || die "$keyring: not there; install debian-archive-keyring"
	[ "$(dpkg --print-architecture)" = amd64 ] || die "only amd64 packages are known here"
	# shellcheck disable=SC2016 # apt expands them
	uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
		2>/dev/null | sed -n 's/^Debian|Debian|//p' | head -n 1)
	[ -n "$uri" ] || die "apt knows no Debian mirror; run apt-get update"
	rm -f "$dir"/apt/*/updated "$dir"/apt/*/failed
}

suites_end() { rm -f "$dir"/apt/*/cache/archives/*.deb; }

# apt_in SUITE ARG…: apt-get with that suite only, in folders of its own, and no package installed
apt_in() {
	own=$dir/apt/$1
	shift
	APT_CONFIG=$own/apt.conf apt-get -q -y "$@"
}

# use_suite SUITE: its index is there and verified
use_suite() {
	own=$dir/apt/$1
	[ ! -e "$own/failed" ] || return 1
	[ ! -e "$own/updated" ] || return 0
	mkdir -p "$own/etc/apt.conf.d" "$own/etc/preferences.d" "$own/state/lists/partial" \
		"$own/cache/archives/partial"
	: >"$own/state/status"
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$1" >"$own/etc/sources.list"
	cat >"$own/apt.conf" <<-END
		Dir "$own/";
		Dir::Etc "etc";
		Dir::State "state";
		Dir::State::status "$own/state/status";
		Dir::Cache "cache";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "20";
		APT::Architecture "${arch:-amd64}";
		APT::Architectures { "${arch:-amd64}"; };
		APT::Sandbox::User "root";
		APT::Install-Recommends "false";
		Debug::NoLocking "true";
	END
	# An old index of an archive that was frozen will do: it is signed all the same.
	apt_in "$1" -o Acquire::Check-Valid-Until=false -o APT::Update::Error-Mode=any update \
		>"$own/log" 2>&1 || {
		: >"$own/failed"
		return 1
	}
	: >"$own/updated"
}

# said SUITE: what apt said last, in one line
said() { sed -n 's/^[EW]: //p' "$dir/apt/$1/log" | tail -n 1; }

# unpack_all SUITE INTO: what apt has fetched.  Directories that are links stay links: /lib is.
unpack_all() {
	mkdir -p "$2/usr/bin" "$2/usr/sbin" "$2/usr/lib" "$2/usr/lib64" "$2/dev" "$2/proc" "$2/tmp"
	for link in bin sbin lib lib64; do
		ln -s "usr/$link" "$2/$link" || return 1
	done
	for deb in "$dir/apt/$1/cache/archives"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x --keep-directory-symlink --no-same-owner -C "$2" || return 1
		dpkg-deb --show "$deb" >>"$2/.packages" || return 1
	done
	ldconfig -r "$2" 2>/dev/null
}

# have NAME SUITE PACKAGE…: these and what they need, as a chroot in $dir/NAME; a line on stderr if not.
# works NAME FOLDER, which the caller defines, says whether it runs, and prints what it is.
have() {
	name=$1 suite=$2
	shift 2
	[ ! -e "$dir/$name/.packages" ] || return 0
	use_suite "$suite" || {
		printf '%s: %s: Debian %s cannot be had: %s\n' "$me" "$name" "$suite" "$(said "$suite")" >&2
		return 1
	}
	rm -f "$dir/apt/$suite/cache/archives"/*.deb
	apt_in "$suite" -d install "$@" >"$dir/apt/$suite/log" 2>&1 || {
		printf '%s: %s: its packages cannot be had from Debian %s: %s\n' "$me" "$name" "$suite" \
			"$(said "$suite")" >&2
		return 1
	}
	rm -rf "$dir/$name.new"
	{ unpack_all "$suite" "$dir/$name.new" && is=$(works "$name" "$dir/$name.new"); } \
		2>"$dir/apt/$suite/log" || {
		printf '%s: %s: unpacked, but does not run: %s\n' "$me" "$name" \
			"$(tail -n 1 "$dir/apt/$suite/log")" >&2
		return 1
	}
	mv "$dir/$name.new" "$dir/$name" || return 1
	printf '%s: %s: %s\n' "$me" "$name" "$is"
}

# source_of SUITE PACKAGE: its upstream release as Debian has it, without Debian's patches, unpacked into
# src of a folder that becomes the current one, $work; $orig is the archive there.  Dies if it cannot be had.
source_of() {
	work=$dir/apt/source-$2
	mkdir -p "$work" && cd "$work" || exit 1
	if ! ls "$2"_*.orig.tar.* >/dev/null 2>&1; then
		suites_begin
		use_suite "$1" || die "Debian $1 cannot be had: $(said "$1")"
		sed 's/^deb /deb-src /' "$dir/apt/$1/etc/sources.list" >src.list
		for words in update "source --download-only $2"; do
			# shellcheck disable=SC2086 # words
			apt_in "$1" -o Acquire::Check-Valid-Until=false -o Dir::Etc::sourcelist="$work/src.list" \
				-o APT::Get::List-Cleanup=false $words >"$dir/apt/$1/log" 2>&1 ||
				die "the source of $2 cannot be had from Debian $1: $(said "$1")"
		done
	fi
	orig=$(find . -name "$2_*.orig.tar.*" ! -name '*.asc' -printf '%f\n')
	rm -rf src
	mkdir src && tar -xf "$orig" -C src --strip-components=1 || die "$2: its source cannot be unpacked"
}
