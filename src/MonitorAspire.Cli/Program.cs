using MonitorAspire.Cli;
using MonitorAspire.Cli.Terminal;

using var console = CliConsole.ForProcess();
return await MonitorProgram.RunAsync(args, new CliContext(console)).ConfigureAwait(false);
