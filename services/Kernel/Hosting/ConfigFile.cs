using Microsoft.Extensions.Configuration;

namespace Metering.Kernel.Hosting;

/// <summary>The file that <c>--config</c> names: settings as JSON, below the environment and the arguments.</summary>
internal static class ConfigFile
{
    /// <exception cref="InvalidOperationException">It is not there, no JSON, or has a setting that is none of this program's.</exception>
    public static IEnumerable<KeyValuePair<string, string?>> Read(string path, IReadOnlyList<Setting> known)
    {
        if (!File.Exists(path)) throw new InvalidOperationException($"--config is '{path}'; expected a file");
        var read = Parse(path);
        return read.Find(setting => !Arguments.IsKnown(setting.Key, known)) is { Key: { } unknown }
            ? throw new InvalidOperationException($"{path}: '{unknown}' is unknown; expected settings as --help lists them")
            : read;
    }

    private static List<KeyValuePair<string, string?>> Parse(string path)
    {
        try
        {
            var read = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path)).Build();
            return [.. read.AsEnumerable().Where(setting => setting.Value is not null)];
        }
        catch (Exception malformed) when (malformed is InvalidDataException or FormatException)
        {
            throw new InvalidOperationException(
                $"{path}: expected an object of settings in JSON: {malformed.GetBaseException().Message}", malformed);
        }
    }
}
