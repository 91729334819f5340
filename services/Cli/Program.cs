using Metering.Cli;

return await Tool.Run(args, Console.Out, Console.Error, TimeProvider.System);
