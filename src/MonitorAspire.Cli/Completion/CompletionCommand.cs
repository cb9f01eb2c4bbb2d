using System.CommandLine;
using MonitorAspire.Cli.CommandLine;

namespace MonitorAspire.Cli.Completion;

/// <summary><c>monitor completion</c>: a script for the shell. It asks <c>monitor</c> for completions with the directive <c>[suggest]</c>.</summary>
internal static class CompletionCommand
{
    internal static Command Create(CliContext context)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish.", HelpName = "bash|zsh|fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print what makes a shell complete commands and options.") { shell };
        command.SetAction(parsed => context.Console.Out.WriteLine(Script(parsed.GetRequiredValue(shell))));
        return command.WithHelp("""
            Examples:
              source <(monitor completion bash)                  in ~/.bashrc
              source <(monitor completion zsh)                   in ~/.zshrc, after compinit
              monitor completion fish > ~/.config/fish/completions/monitor.fish

            Exit codes: 0 done; 2 usage.
            """);
    }

    // The directive takes the command line without the program's name, and the position of the cursor in it.
    private static string Script(string shell) => shell switch
    {
        "bash" => """
            _monitor_complete() {
                local line="${COMP_LINE#* }"
                local point=$(( COMP_POINT - ${#COMP_LINE} + ${#line} ))
                local IFS=$'\n'
                COMPREPLY=( $(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$point]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}") )
            }
            complete -o default -F _monitor_complete monitor
            """,
        "zsh" => """
            _monitor_complete() {
                local line="${BUFFER#* }"
                local point=$(( CURSOR - ${#BUFFER} + ${#line} ))
                compadd -- "${(@f)$("${words[1]}" "[suggest:$point]" "$line" 2>/dev/null)}"
            }
            compdef _monitor_complete monitor
            """,
        _ => """
            complete -c monitor -f -a '(begin; set -l line (string replace -r "^\S+\s?" "" -- (commandline -cp)); monitor "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null; end)'
            """,
    };
}
