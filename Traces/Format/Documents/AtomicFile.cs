namespace PimSim.Traces.Format.Documents;

/// <summary>Writes whole files or nothing: a temporary file in the same folder, renamed when it is complete.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Calls <paramref name="write"/> with a stream and puts the result at <paramref name="path"/>. If it fails, what stood
    /// there before is untouched and no partial file stays behind.
    /// </summary>
    /// <exception cref="PimSimUserException">The folder can't be created or written, or there is no file name.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0'))
        {
            throw new PimSimUserException($"'{path}' is not a file name");
        }

        string full = Path.GetFullPath(path);

        // Unique, so that two writers of one file do not share a temporary one.
        string temporary = $"{full}.{Path.GetRandomFileName()}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{path}: cannot be written: {fault.Message}", fault);
        }
        finally
        {
            // Deleting in a folder that could not be created would throw and hide the real fault.
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }

    /// <summary>Writes text as UTF-8 without a byte-order mark.</summary>
    /// <exception cref="PimSimUserException">The folder can't be created or written.</exception>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
