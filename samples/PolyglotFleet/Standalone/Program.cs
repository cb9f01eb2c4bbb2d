using MonitorAspire.AppHost.Standalone.CommandLine;

// The same engine and the same options as MonitorAspire.AppHost; the daemons are those of this sample's appsettings.json.
return await AppHostCommand.InvokeAsync(args, Console.Out, Console.Error);
