using MonitorAspire.AppHost.Standalone.CommandLine;

return await AppHostCommand.InvokeAsync(args, Console.Out, Console.Error);
