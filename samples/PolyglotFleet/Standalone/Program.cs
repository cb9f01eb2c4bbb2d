using MonitorAspire.AppHost.Standalone;

// The same engine and the same options as MonitorAspire.AppHost; the daemons are those of this sample's appsettings.json.
return await StandaloneProgram.RunAsync(args);
