using System.CommandLine;
using MonitorAspire.Cli.Check;
using MonitorAspire.Cli.Completion;
using MonitorAspire.Cli.Doctor;
using MonitorAspire.Cli.Forget;
using MonitorAspire.Cli.Logs;
using MonitorAspire.Cli.Reload;
using MonitorAspire.Cli.Reset;
using MonitorAspire.Cli.Restart;
using MonitorAspire.Cli.Start;
using MonitorAspire.Cli.Status;
using MonitorAspire.Cli.Stop;
using MonitorAspire.Cli.Up;
using MonitorAspire.Cli.Waiting;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>The whole command line.</summary>
internal static class MonitorCommand
{
    internal static RootCommand Create(CliContext context, Interrupts interrupts)
    {
        var root = new RootCommand("Start, stop and watch local daemons, and prove that each one serves: PID file, port owner and health of one and the same process.")
        {
            StartCommand.Create(context, interrupts),
            StopCommand.Create(context),
            RestartCommand.Create(context),
            StatusCommand.Create(context),
            WaitCommand.Create(context),
            LogsCommand.Create(context),
            ForgetCommand.Create(context),
            DoctorCommand.Create(context),
            UpCommand.Create(context, interrupts),
            ReloadCommand.Create(context),
            ResetCommand.Create(context),
            CheckCommand.Create(),
            SchemaCommand.Create(context),
            CompletionCommand.Create(context),
        };
        HelpExamples.Install(root);
        return root.WithHelp("""
            Examples:
              monitor start                     the built-in daemon on 127.0.0.1:8768, verified
              monitor start --port 9000 --health-path / -- python3 -m http.server {port} --bind {host}
              monitor status --all
              monitor up --count 4              a fleet under supervision, until Ctrl-C
              monitor doctor --fix              fix what is provably safe to fix
            """);
    }
}
