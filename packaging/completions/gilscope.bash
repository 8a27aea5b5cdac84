# bash completion for gilscope: everything is asked of gilscope's own --help, so that it is true of
# the one that is installed.

_gilscope_commands() {
	"$1" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\)  .*/\1/p'
}

_gilscope_options() { # _gilscope_options GILSCOPE COMMAND
	"$1" "$2" --help 2>/dev/null | sed -n '/^Options:/,/^$/p' |
		sed -n 's/^ *\(-[a-z]\), \(--[a-z-]*\).*/\1\n\2/p; s/^  *\(--[a-z-]*\).*/\1/p'
}

_gilscope_list() { # _gilscope_list GILSCOPE COMMAND TITLE: the first words of a list in its help
	"$1" "$2" --help 2>/dev/null | sed -n "/^$3/,/^\$/s/^  [* ]\{0,1\} *\([a-z][a-z0-9_]*\)  *.*/\1/p"
}

_gilscope_value() { # _gilscope_value GILSCOPE COMMAND OPTION: what its value may be
	case $3 in
	-p | --pid) "$1" ps --format json 2>/dev/null | sed -n 's/^ *"pid": *\([0-9]*\),*$/\1/p' ;;
	--with | --without) _gilscope_list "$1" "$2" Families ;;
	--format | --to | --figures) _gilscope_list "$1" "$2" Formats ;;
	--mode) echo watch exact ;;
	*) return 1 ;;
	esac
}

_gilscope() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
	local command=${COMP_WORDS[1]-}

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words="$(_gilscope_commands "$1") --help --version"
	elif words=$(_gilscope_value "$1" "$command" "$before"); then
		:
	elif [[ $word == -* ]]; then
		words=$(_gilscope_options "$1" "$command")
	else
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _gilscope gilscope
