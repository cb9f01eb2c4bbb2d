using MonitorAspire.AppHost.Standalone;

return await StandaloneProgram.RunAsync(args);
