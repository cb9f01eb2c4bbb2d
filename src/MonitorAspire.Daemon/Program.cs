using MonitorAspire.Daemon;

return await MonitorDaemon.RunAsync(args);
